"""Which voices form the clusters of a recording; bounds the memory that takes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_VOICES = 8000
"""Linking n embeddings takes 8 n^2 bytes and O(n^2) time: 0.5 GB and 5 s for these, two hours.

Twelve hours of talk have fifty thousand, which take 20 GB.
"""

_LEAST_ACTIVE_SHARE = 0.2
"""Of a window that a speaker speaks alone: a voice with less is not used to find clusters."""

Clusters = NDArray[np.int64]
Found = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]


def usable_voices(
    voices: NDArray[np.float32], activity: NDArray[Any], most: int = MOST_VOICES
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return windows and speakers of the voices that are long enough to find clusters by.

    Of more than `most`, those that are spread evenly over the recording.
    """
    alone = (activity.sum(axis=2, keepdims=True) == 1) * activity
    enough = alone.sum(axis=1) >= _LEAST_ACTIVE_SHARE * activity.shape[1]
    window, speaker = np.where(enough & ~np.isnan(voices).any(axis=2))
    if len(window) > most:
        kept = np.arange(most) * len(window) // most
        window, speaker = window[kept], speaker[kept]
    return window, speaker


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
