"""A transcript as paragraphs of text with the time of each word.

The text goes into the page; times go to the player as numbers, so that six hours of speech stay
small. Offsets count UTF-16 units, as browsers do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.core.word_spacing import is_unspaced
from runtime.web.view.words import clean

UNKNOWN = "UNKNOWN"
LONG_SECONDS, LONG_WORDS, PAUSE_SECONDS = 45.0, 80, 4.0
"""A paragraph ends at the first sentence after so much, or where the speaker pauses so long."""

DOUBTFUL_PROBABILITY = 0.5
"""A word that was recognised with less is worth a look."""

MILLISECONDS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """What one speaker says without a long pause; `times` has (offset, start, end) of each word.

    Offsets are in UTF-16 units of `text`, times in milliseconds. `words` are the indexes of the
    words in `transcript.json`; those in `doubtful` are probably wrong, `edited` ones a person's.
    """

    speaker: str
    text: str
    times: tuple[tuple[int, int, int], ...]
    words: tuple[int, ...] = ()
    doubtful: frozenset[int] = frozenset()
    edited: frozenset[int] = frozenset()

    @property
    def start_seconds(self) -> float:
        """When the first word begins."""
        return self.times[0][1] / MILLISECONDS

    @property
    def end_seconds(self) -> float:
        """When the last word ends."""
        return self.times[-1][2] / MILLISECONDS

    def packed(self) -> list[list[int]]:
        """Return [offsets, starts, lengths], each as differences, which compress well."""
        offsets = [word[0] for word in self.times]
        starts = [word[1] for word in self.times]
        return [steps(offsets), steps(starts), [end - start for _, start, end in self.times]]


def paragraphs(transcript: dict[str, Any]) -> list[Paragraph]:
    """Return the paragraphs of a `transcript.json`."""
    words = transcript.get("words", [])
    made = (_paragraph(run, words) for run in _runs(transcript.get("sentences", [])))
    return [paragraph for paragraph in made if paragraph.times]


def _runs(sentences: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    run: list[dict[str, Any]] = []
    for sentence in sentences:
        if not sentence["word_count"]:
            continue
        if run and _ends(run, sentence):
            yield run
            run = []
        run.append(sentence)
    if run:
        yield run


def _ends(run: Sequence[dict[str, Any]], following: dict[str, Any]) -> bool:
    first, last = run[0], run[-1]
    return bool(
        following["speaker"] != first["speaker"]
        or following["start_seconds"] - last["end_seconds"] >= PAUSE_SECONDS
        or following["end_seconds"] - first["start_seconds"] > LONG_SECONDS
        or sum(sentence["word_count"] for sentence in run) >= LONG_WORDS
    )


def _paragraph(run: Sequence[dict[str, Any]], words: Sequence[dict[str, Any]]) -> Paragraph:
    first, last = run[0], run[-1]
    places = range(first["first_word"], last["first_word"] + last["word_count"])
    parts: list[str] = []
    times: list[tuple[int, int, int]] = []
    shown: list[int] = []
    length, previous = 0, ""
    for place in places:
        word = words[place]
        text = clean(str(word["text"])).strip()
        if not text:
            continue
        if previous and not (is_unspaced(previous[-1]) and is_unspaced(text[0])):
            parts.append(" ")
            length += 1
        start = round(word["start_seconds"] * MILLISECONDS)
        shown.append(place)
        times.append((length, start, max(start, round(word["end_seconds"] * MILLISECONDS))))
        parts.append(text)
        length += utf16_length(text)
        previous = text
    return Paragraph(
        speaker=first["speaker"],
        text="".join(parts),
        times=tuple(times),
        words=tuple(shown),
        doubtful=frozenset(place for place in shown if _is_doubtful(words[place])),
        edited=frozenset(place for place in shown if words[place].get("edited")),
    )


def _is_doubtful(word: dict[str, Any]) -> bool:
    return float(word.get("probability", 1.0)) < DOUBTFUL_PROBABILITY


def utf16_length(text: str) -> int:
    """Return the length of a text as browsers count it."""
    return len(text) + sum(character > "\uffff" for character in text)


def steps(values: Sequence[int]) -> list[int]:
    """Return the differences between values, which are small and compress well."""
    return [value - previous for previous, value in zip((0, *values), values, strict=False)]
