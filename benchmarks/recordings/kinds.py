"""What a recording is expected to give: variants of kinds of recordings, and their checks."""

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lifestream.scoring import word_errors
from runtime.core.options import DEFAULT_OPTIONS, JobOptions

Make = Callable[[Path], None]
"""Writes a recording to a path, whatever the path's suffix."""

_NEAR_SECONDS = 0.6
WRONG = {"en": 0.12, "es": 0.2, "fr": 0.3, "it": 0.3, "ru": 0.35}
"""The share of words of a clean prompt that may be wrong, by language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """The published documents of a finished job, and its thumbnails in order."""

    summary: dict[str, Any]
    transcript: dict[str, Any]
    thumbnails: Sequence[NDArray[np.uint8]]

    @property
    def warnings(self) -> set[str]:
        """The codes of the warnings."""
        return {warning["code"] for warning in self.summary["warnings"]}

    def words(self, start: float, end: float) -> list[dict[str, Any]]:
        """Return the words whose middle lies between two times."""
        return [
            word
            for word in self.transcript["words"]
            if start <= (word["start_seconds"] + word["end_seconds"]) / 2 <= end
        ]


Check = Callable[[Results], str | None]
"""Returns what is wrong, None if nothing is."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One recording: `code` is the error that refuses it, else the checks of its results."""

    kind: str
    content: str
    form: str
    make: Make
    checks: tuple[Check, ...] = ()
    _: KW_ONLY
    language: str = "en"
    code: str | None = None
    name: str = "recording.mp4"
    options: JobOptions = DEFAULT_OPTIONS
    starts: tuple[float, ...] = ()
    """When its scenes begin, where that is known."""
    source: NDArray[np.float64] | None = None
    """What is heard in it, at 16 kHz."""

    @property
    def is_of_pictures(self) -> bool:
        """Whether only its pictures are checked."""
        return self.language == "none" and self.kind != "no speech"


def says(
    text: str, *, start: float = 0.0, end: float = 1e9, wrong: float = 0.12, language: str = ""
) -> Check:
    """Check that a text is written between two times, with at most this share of wrong words."""

    def check(results: Results) -> str | None:
        words = results.words(start - _NEAR_SECONDS, end + _NEAR_SECONDS)
        written = " ".join(word["text"] for word in words)
        errors = word_errors(text, written)
        if errors.rate > wrong:
            return f"WER {errors.rate:.0%} at {start:.1f} s: {written!r}"
        spoken = {
            sentence["language"]
            for sentence in results.transcript["sentences"]
            if start <= (sentence["start_seconds"] + sentence["end_seconds"]) / 2 <= end
        }
        if language and spoken != {language}:
            return f"written in {sorted(spoken)}, not in {language}"
        return None

    return check


def says_nothing(start: float = 0.0, end: float = 1e9) -> Check:
    """Check that no words are written between two times."""

    def check(results: Results) -> str | None:
        words = results.words(start, end)
        return f"invented: {' '.join(w['text'] for w in words)!r}" if words else None

    return check


def lasts(seconds: float, tolerance: float = 0.5) -> Check:
    """Check the length of the media."""

    def check(results: Results) -> str | None:
        found = results.summary["media"]["duration_seconds"]
        return None if abs(found - seconds) <= tolerance else f"lasts {found:.1f} s"

    return check


def has_speakers(count: int) -> Check:
    """Check the number of speakers."""

    def check(results: Results) -> str | None:
        found = len(results.summary["speakers"])
        return None if found == count else f"{found} speakers"

    return check


def attributed(*turns: tuple[str, float, float]) -> Check:
    """Check that each of (who, start, end) has one speaker, the same one for each person."""

    def check(results: Results) -> str | None:
        label_of: dict[str, str] = {}
        for who, start, end in turns:
            labels = {word["speaker"] for word in results.words(start, end)}
            expected = label_of.setdefault(who, min(labels, default=""))
            if labels != {expected}:
                return f"{who} at {start:.1f} s is {sorted(labels)}"
        return None if len(set(label_of.values())) == len(label_of) else "people mixed up"

    return check


def cut_at(*starts: float, tolerance: float = 0.25) -> Check:
    """Check the starts of the scenes."""

    def check(results: Results) -> str | None:
        found = [scene["start_seconds"] for scene in results.summary["scenes"]]
        same = len(found) == len(starts) and all(
            abs(a - b) <= tolerance for a, b in zip(found, starts, strict=True)
        )
        return None if same else f"scenes at {found}"

    return check


def has_words(least: int) -> Check:
    """Check the number of words."""

    def check(results: Results) -> str | None:
        found = len(results.transcript["words"])
        return None if found >= least else f"{found} words, not {least}"

    return check


def warns(*codes: str) -> Check:
    """Check that these warnings are among those of the results."""

    def check(results: Results) -> str | None:
        missing = set(codes) - results.warnings
        return f"no warning {sorted(missing)}, only {sorted(results.warnings)}" if missing else None

    return check


def lost_nothing(results: Results) -> str | None:
    """Check that no speech is without words."""
    lost = results.warnings & {"speech.unwritten", "speakers.without_words", "speech.none"}
    return f"warned of {sorted(lost)}" if lost else None


def shows(truth: Callable[[], NDArray[np.uint8]], within: float = 12.0) -> Check:
    """Check that the first thumbnail looks like a picture, blue first."""

    def check(results: Results) -> str | None:
        if not results.thumbnails:
            return "no thumbnail"
        found, wanted = results.thumbnails[0], truth()
        if found.shape[0] * wanted.shape[1] != found.shape[1] * wanted.shape[0]:
            return f"the thumbnail is {found.shape[1]} x {found.shape[0]}"
        size = (160, round(160 * wanted.shape[0] / wanted.shape[1]))
        first, second = (cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in (found, wanted))
        difference = float(np.abs(first.astype(float) - second.astype(float)).mean())
        colours = [
            float(cv2.cvtColor(p, cv2.COLOR_BGR2HSV)[..., 1].mean()) for p in (first, second)
        ]
        if difference > within or colours[0] < 0.8 * colours[1]:
            return f"differs by {difference:.0f}, saturation {colours[0]:.0f} of {colours[1]:.0f}"
        return None

    return check
