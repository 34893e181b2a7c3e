"""Joins words with spaces, or without them in scripts such as Chinese and Thai."""

import re
from collections.abc import Iterable

# Blocks of Unicode whose scripts put no space between words, with their marks: Thai and Lao,
# Tibetan, Burmese, Khmer, then Chinese and Japanese. Korean is written with spaces.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"
    "\u2e80-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef"
    "\U00020000-\U0003ffff]"
)


def is_unspaced(character: str) -> bool:
    """Return whether a character belongs to a script that is written without spaces."""
    return _UNSPACED.match(character) is not None


def joined(texts: Iterable[str]) -> str:
    """Return the texts joined by spaces, except between two unspaced scripts."""
    result = ""
    for text in texts:
        if result and text and not (is_unspaced(result[-1]) and is_unspaced(text[0])):
            result += " "
        result += text
    return result
