"""Keeps pyannote's clustering within bounds of memory, however long the recording is."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_VOICES = 8000
"""Linking n voices takes 8 n^2 bytes and O(n^2) time: 0.5 GB and 5 s for these, two hours of talk.

Twelve hours of talk have fifty thousand, which would take 20 GB.
"""

Found = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]


def bound_voices(clustering: Any, most: int = MOST_VOICES) -> None:
    """Have a pyannote clustering find its clusters among at most so many voices.

    They are spread evenly over the recording; up to that number they are all that pyannote would
    take. It assigns every voice of the recording to the nearest cluster afterwards anyway.
    """
    theirs = clustering.filter_embeddings

    def filter_embeddings(*arguments: Any, **options: Any) -> Found:
        voices, windows, speakers = theirs(*arguments, **options)
        count = len(voices)
        if count <= most:
            return voices, windows, speakers
        kept = np.arange(most) * count // most
        return voices[kept], windows[kept], speakers[kept]

    clustering.filter_embeddings = filter_embeddings
