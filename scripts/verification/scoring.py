"""Scores of what was recognised against what is known of a sample."""

import re
from collections.abc import Iterable
from typing import Any

import jiwer

_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
DIGITS = {str(digit): name for digit, name in enumerate(_NAMES)}
SPOKEN = {"www.asterisk.org": "www dot asterisk dot org", "mr.": "mister", "-": " ", "\u2019": "'"}


def word_error_rate(reference: str, hypothesis: str) -> float:
    """Return (substitutions + deletions + insertions) / reference words, on normalized text."""
    return float(jiwer.wer(normalized(reference), normalized(hypothesis)))


def normalized(text: str) -> str:
    """Return lower-case words without punctuation, digits and abbreviations as spoken."""
    text = text.lower()
    for written, spoken in SPOKEN.items():
        text = text.replace(written, spoken)
    words = re.sub(r"[^a-z0-9' ]+", " ", text).split()
    return " ".join(DIGITS.get(word, word) for word in words)


def missed_and_false_cuts(
    truth: Iterable[float], scenes: list[dict[str, Any]], tolerance_seconds: float
) -> tuple[list[float], list[float]]:
    """Return the true cuts that no scene starts at, and the scene starts that are no true cut."""
    expected = list(truth)
    found = [scene["start_seconds"] for scene in scenes[1:]]
    missed = [c for c in expected if not any(abs(c - f) <= tolerance_seconds for f in found)]
    false = [f for f in found if not any(abs(c - f) <= tolerance_seconds for c in expected)]
    return missed, false
