"""Joins words with spaces, or without them in scripts such as Chinese and Thai."""

import re
from collections.abc import Iterable
from unicodedata import category, combining, east_asian_width

# Blocks of Unicode whose scripts put no space between words, with their marks: Thai and Lao,
# Tibetan, Burmese, Khmer, then Chinese and Japanese. Korean is written with spaces.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"
    "\u2e80-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef"
    "\U00020000-\U0003ffff]"
)

_WIDE = 42 / 16


def is_unspaced(character: str) -> bool:
    """Return whether a character belongs to a script that is written without spaces."""
    return _UNSPACED.match(character) is not None


def width(text: str) -> float:
    """Return how wide a text is shown, in Latin letters.

    Subtitle lines hold 42 Latin or 16 Chinese characters (Netflix's timed text style guides), and
    marks that combine with a letter take no room.
    """
    if text.isascii():
        return float(len(text))
    return sum(_width_of(character) for character in text)


def _width_of(character: str) -> float:
    if combining(character) or category(character) in {"Mn", "Me", "Cf"}:
        return 0.0
    return _WIDE if east_asian_width(character) in {"W", "F"} else 1.0


def joined(texts: Iterable[str]) -> str:
    """Return the texts joined by spaces, except between two unspaced scripts."""
    result = ""
    for text in texts:
        if result and text and not (is_unspaced(result[-1]) and is_unspaced(text[0])):
            result += " "
        result += text
    return result
