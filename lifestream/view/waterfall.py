"""A job's trace as rows of text: what was done, when, for how long, and why not well."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

COLUMNS = ("what", "attempt", "began", "took", "when", "why")
WIDTH = 32
"""Characters of the widest bar."""

Document = Mapping[str, Any]


def waterfall(segments: Sequence[Document], *, now: float) -> list[tuple[str, ...]]:
    """Return the cells under `COLUMNS`, in the order of time, stages below their attempt.

    What is still going on lasts until `now` (seconds since the epoch).
    """
    if not segments:
        return []
    everything = list(_in_order(segments))
    began = min(document["start_time"] for _, document in everything)
    whole = max(_end(document, now) for _, document in everything) - began
    return [
        (
            "  " * depth + document["name"].rpartition("/")[2],
            str(document["annotations"]["attempt"]) if depth == 0 else "",
            f"+{document['start_time'] - began:.1f} s",
            _took(document, now),
            _bar(document["start_time"] - began, _end(document, now) - began, whole),
            _why(document),
        )
        for depth, document in everything
    ]


def _in_order(documents: Sequence[Document], depth: int = 0) -> Iterator[tuple[int, Document]]:
    for document in sorted(documents, key=lambda one: one["start_time"]):
        yield depth, document
        yield from _in_order(document.get("subsegments", ()), depth + 1)


def _end(document: Document, now: float) -> float:
    return float(document.get("end_time", max(now, document["start_time"])))


def _took(document: Document, now: float) -> str:
    if document["annotations"].get("restored"):
        return "kept"
    so_far = "" if "end_time" in document else " so far"
    return f"{_end(document, now) - document['start_time']:.1f} s{so_far}"


def _bar(began: float, ended: float, whole: float) -> str:
    scale = WIDTH / whole if whole > 0 else 0.0
    first = min(round(began * scale), WIDTH - 1)
    return " " * first + "█" * max(1, round(ended * scale) - first)


def _why(document: Document) -> str:
    notes = document["annotations"]
    return ": ".join(str(notes[name]) for name in ("decision", "code") if name in notes)
