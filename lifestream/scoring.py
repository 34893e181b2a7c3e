"""Scores a job's results against a reference that a user wrote: words (WER) and speakers (DER)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from unicodedata import combining, normalize

from runtime.core.errors import Permanent
from runtime.core.word_spacing import is_unspaced

_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class WordErrors:
    """The edits that turn the reference into what was written; `units` are words or characters."""

    substitutions: int
    deletions: int
    insertions: int
    reference_count: int
    units: str

    @property
    def rate(self) -> float:
        """The errors for each unit of the reference."""
        return (self.substitutions + self.deletions + self.insertions) / self.reference_count


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A turn of an RTTM file, in seconds."""

    start_seconds: float
    end_seconds: float
    speaker: str


def word_errors(reference: str, written: str) -> WordErrors:
    """Compare texts without case, punctuation and accents.

    Scripts without spaces are compared by the character. Raises `Permanent` `score.no_words`.
    """
    import jiwer  # noqa: PLC0415 - only this command needs it

    truth, found = _units(reference), _units(written)
    if not truth:
        raise Permanent(
            "score.no_words", "The reference holds no words.", "Give a text of what is said."
        )
    units = "characters" if any(is_unspaced(c) for c in reference) else "words"
    edits = jiwer.process_words(" ".join(truth), " ".join(found))
    return WordErrors(
        substitutions=edits.substitutions,
        deletions=edits.deletions,
        insertions=edits.insertions,
        reference_count=len(truth),
        units=units,
    )


def read_rttm(text: str) -> list[Turn]:
    """Return the turns of an RTTM file; raise `Permanent` `score.unreadable`."""
    try:
        rows = [line.split() for line in text.splitlines() if line.startswith("SPEAKER")]
        return [
            Turn(
                start_seconds=float(row[3]),
                end_seconds=float(row[3]) + float(row[4]),
                speaker=row[7],
            )
            for row in rows
        ]
    except (IndexError, ValueError) as error:
        raise Permanent(
            "score.unreadable",
            f"The reference is no RTTM file ({error}).",
            "Give lines such as: SPEAKER talk 1 0.50 3.20 <NA> <NA> anna <NA> <NA>",
        ) from error


def diarization_error_rate(reference: Iterable[Turn], found: Iterable[Turn]) -> float:
    """Return the DER without a collar, overlaps scored, over all that either covers."""
    from pyannote.core import Timeline  # noqa: PLC0415 - heavy
    from pyannote.metrics.diarization import DiarizationErrorRate  # noqa: PLC0415

    truth, hypothesis = _annotation(reference), _annotation(found)
    extent = truth.get_timeline().extent() | hypothesis.get_timeline().extent()
    metric = DiarizationErrorRate(collar=0.0, skip_overlap=False)
    return float(metric(truth, hypothesis, uem=Timeline([extent])))


def _annotation(turns: Iterable[Turn]) -> Any:
    from pyannote.core import Annotation, Segment  # noqa: PLC0415 - heavy

    made = Annotation()
    for number, turn in enumerate(turns):
        made[Segment(turn.start_seconds, turn.end_seconds), number] = turn.speaker
    return made


def _units(text: str) -> list[str]:
    letters = (c for c in normalize("NFKD", text.lower()) if not combining(c))
    words = _WORD.findall(normalize("NFC", "".join(letters)).replace("\u2019", "'"))
    return [unit for word in words for unit in (word if any(map(is_unspaced, word)) else [word])]
