"""Bounds the memory of pyannote's clustering for long recordings."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_VOICES = 8000
"""Linking n embeddings takes 8 n^2 bytes and O(n^2) time: 0.5 GB and 5 s for these, two hours.

Twelve hours of talk have fifty thousand, which take 20 GB.
"""

Found = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]


def limit_clustering(clustering: Any, most: int = MOST_VOICES) -> None:
    """Make a pyannote clustering find its clusters among at most `most` embeddings.

    They are spread evenly over the recording; with fewer, pyannote's own result is unchanged.
    pyannote then assigns every embedding of the recording to the nearest cluster.
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
