"""Measures of segmentation, and the methods that topic boundaries are compared with.

Pk: Beeferman, Berger and Lafferty, "Statistical Models for Text Segmentation", 1999.
WindowDiff: Pevzner and Hearst, Computational Linguistics 28(1), 2002. Both count errors: lower is
better, 0 is perfect.
"""

from collections import Counter
from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from runtime.core.media import Sentence
from runtime.processor.stages.function_words import function_words, words_of


def window_of(boundaries: Sequence[int], count: int) -> int:
    """Return half the mean length of the reference's segments, at least 2."""
    return max(2, round(count / (len(boundaries) + 1) / 2))


def pk(reference: Sequence[int], found: Sequence[int], count: int, window: int) -> float:
    """Return how often two sentences a window apart are wrongly joined or parted."""
    wrong = sum(
        (_between(reference, i, window) == 0) != (_between(found, i, window) == 0)
        for i in range(count - window)
    )
    return wrong / max(1, count - window)


def window_diff(reference: Sequence[int], found: Sequence[int], count: int, window: int) -> float:
    """Return how often the number of boundaries in a window is wrong."""
    wrong = sum(
        _between(reference, i, window) != _between(found, i, window) for i in range(count - window)
    )
    return wrong / max(1, count - window)


def _between(boundaries: Sequence[int], first: int, window: int) -> int:
    return sum(first < boundary <= first + window for boundary in boundaries)


def fixed_length(count: int, segments: int) -> list[int]:
    """Return the boundaries of as many equal segments as the reference has."""
    return [round(count * i / segments) for i in range(1, segments)]


def text_tiling(sentences: Sequence[Sentence], window: int = 4) -> list[int]:
    """Return Hearst's boundaries: valleys of the words that both sides have in common."""
    texts = [sentence.text for sentence in sentences]
    ignored = function_words("en", texts)
    bags = [Counter(w for w in words_of(text) if w not in ignored) for text in texts]
    scores = []
    for gap in range(1, len(bags)):
        left = sum(bags[max(0, gap - window) : gap], Counter())
        right = sum(bags[gap : gap + window], Counter())
        scale = sqrt(sum(n * n for n in left.values()) * sum(n * n for n in right.values()))
        scores.append(sum(n * right[word] for word, n in left.items()) / scale if scale else 0.0)
    return _valleys(np.array(scores), least=0.0)


def embedding_tiling(
    sentences: Sequence[Sentence], vectors: NDArray[np.float32], *, minimum: float, end: float
) -> list[int]:
    """Return the boundaries of this project's first method: TextTiling on sentence embeddings."""
    lengths = np.array([len(sentence.words) for sentence in sentences], dtype=np.float64)
    weighted = vectors.astype(np.float64) * lengths[:, None]
    summed = np.vstack([np.zeros(vectors.shape[1]), np.cumsum(weighted, axis=0)])
    middle = np.arange(1, len(sentences))
    left = summed[middle] - summed[np.maximum(0, middle - 4)]
    right = summed[np.minimum(len(sentences), middle + 4)] - summed[middle]
    scale = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    similarities = (left * right).sum(axis=1) / np.maximum(scale, 1e-12)
    accepted: list[int] = []
    times = [0.0, end]
    for boundary in _valleys(similarities, least=None):
        start = sentences[boundary].start_seconds
        if min(abs(start - time) for time in times) >= minimum:
            accepted.append(boundary)
            times.append(start)
    return sorted(accepted)


def _valleys(similarities: NDArray[np.float64], least: float | None) -> list[int]:
    """Return the deep valleys' boundaries, deepest first, or in order where `least` is given."""
    depths = np.array(
        [
            _climb(similarities[i::-1]) + _climb(similarities[i:]) - 2 * s
            for i, s in enumerate(similarities)
        ]
    )
    deep = max(depths.mean() + depths.std() / 2, least or 0.0)
    walled = np.concatenate([[np.inf], similarities, [np.inf]])
    lowest = (walled[1:-1] <= walled[:-2]) & (walled[1:-1] <= walled[2:])
    chosen = [int(i) for i in np.flatnonzero(lowest) if depths[i] >= deep and depths[i] > 0]
    if least is None:
        chosen.sort(key=lambda i: -depths[i])
    return [i + 1 for i in chosen]


def _climb(values: NDArray[np.float64]) -> float:
    peak = float(values[0])
    for value in values[1:]:
        if value < peak:
            break
        peak = float(value)
    return peak
