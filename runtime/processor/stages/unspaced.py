"""Divides text of languages that are written without spaces into words, by BudouX."""

from collections.abc import Sequence
from functools import cache
from itertools import accumulate, pairwise
from typing import Any

_MODELS = {"ja": "ja", "zh": "zh-hans", "yue": "zh-hant", "th": "th"}
"""BudouX's model of each language, by Whisper's code."""


def word_ranges(pieces: Sequence[str], language: str) -> list[tuple[int, int]]:
    """Return (first, end) of the pieces that make up each word, in order and without a gap.

    A recognizer's pieces are characters or a few of them, so words end at ends of pieces. In a
    language without a model each piece is a word.
    """
    if language not in _MODELS:
        return [(number, number + 1) for number in range(len(pieces))]
    ends = list(accumulate(len(piece) for piece in pieces))
    words = _parser(language).parse("".join(pieces))
    word_ends = set(accumulate(len(word) for word in words))
    bounds = {0, len(pieces)}
    bounds |= {number for number, end in enumerate(ends, start=1) if end in word_ends}
    bounds |= {number for number, piece in enumerate(pieces) if piece.startswith(" ")}
    return list(pairwise(sorted(bounds)))


@cache
def _parser(language: str) -> Any:
    import json
    from importlib.resources import files

    import budoux

    model = files(budoux).joinpath("models", f"{_MODELS[language]}.json")
    return budoux.Parser(json.loads(model.read_text("utf-8")))
