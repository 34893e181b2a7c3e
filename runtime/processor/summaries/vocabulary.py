"""Which words are ordinary, and no names: those that the recogniser's vocabulary has written small.

A vocabulary of subwords that was learned from text has a common word in small letters as one piece,
and a name in capitals only. It is in the image anyway, and holds many languages.
"""

import json
from functools import lru_cache
from pathlib import Path

_BEGINS_WORD = "\u0120"
"""How byte-level vocabularies write the space before a word."""


@lru_cache(maxsize=1)
def ordinary_words(model_dir: Path) -> frozenset[str]:
    """Return the words in small ASCII letters of a speech model's vocabulary, none without a file.

    `model_dir` holds `tokenizer.json` as faster-whisper's models have it.
    """
    path = model_dir / "tokenizer.json"
    if not path.is_file():
        return frozenset()
    pieces = json.loads(path.read_text(encoding="utf-8"))["model"]["vocab"]
    words = (piece[1:] for piece in pieces if piece.startswith(_BEGINS_WORD))
    return frozenset(word for word in words if word.isascii() and word.isalpha() and word.islower())
