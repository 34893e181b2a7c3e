"""What the player's script needs of a transcript that can be edited, small enough for six hours."""

from collections.abc import Sequence
from typing import Any

from runtime.web.view.transcript import steps


def compacted(editable: dict[str, Any]) -> dict[str, Any]:
    """Return the answer of the API without texts and times, which the page has already.

    `ids` has runs of [first, count] for words as found, and the ids of inserted ones as text;
    `sentences` has the place of each sentence's first word, as differences; `summary` has the
    summary's sentences by the indexes that stay.
    """
    words = editable["words"]
    kept = ("revision", "can_undo", "can_redo", "entries", "names", "speakers")
    sentences = editable["summary"]
    return {
        **{name: editable[name] for name in kept},
        "ids": _runs([word["id"] for word in words]),
        "summary": [
            {name: each[name] for name in ("section", "item", "text")} for each in sentences
        ],
        "sentences": steps([place for place, word in enumerate(words) if word["first"]]),
    }


def _runs(ids: Sequence[str]) -> list[list[int] | str]:
    runs: list[list[int] | str] = []
    for each in ids:
        if not each.isdecimal():
            runs.append(each)
            continue
        last = runs[-1] if runs else ""
        if isinstance(last, list) and last[0] + last[1] == int(each):
            last[1] += 1
        else:
            runs.append([int(each), 1])
    return runs
