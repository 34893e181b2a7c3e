"""Divides a video into chapters at changes of its subject.

TextTiling (Hearst, "TextTiling: Segmenting Text into Multi-paragraph Subtopic Passages",
Computational Linguistics 23(1), 1997) on sentence embeddings instead of word counts.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from runtime.core.media import Chapter, Sentence
from runtime.processor.models.sentence_embedder import SentenceEmbedder
from runtime.processor.stages.titles import chapter_titles

WINDOW_SENTENCES = 4
"""Sentences that are compared on each side of a possible boundary."""

MAX_CHAPTERS = 12
"""The length of a readable table of contents; it sets the minimum length of a chapter."""

SHORTEST_SECONDS = 20.0
LONGEST_MINIMUM_SECONDS = 300.0


def divide_into_chapters(
    sentences: Sequence[Sentence],
    vectors: NDArray[np.float32],
    *,
    embed: SentenceEmbedder,
    language: str | None,
    duration_seconds: float,
) -> tuple[Chapter, ...]:
    """Return chapters that cover 0 to the end without a gap; none without sentences.

    `vectors` holds a unit row for each sentence. A chapter begins with its first sentence, the
    first one at 0, and lasts at least a twelfth of the video within 20 s to 300 s.
    """
    if not sentences:
        return ()
    end = max(duration_seconds, sentences[-1].end_seconds)
    starts = [0, *topic_boundaries(sentences, vectors, end_seconds=end), len(sentences)]
    groups = [tuple(sentences[a:b]) for a, b in pairwise(starts)]
    titles = chapter_titles(groups, embed=embed, language=language)
    times = [0.0, *(group[0].start_seconds for group in groups[1:]), end]
    return tuple(
        Chapter(start_seconds=times[i], end_seconds=times[i + 1], title=title, sentences=group)
        for i, (group, title) in enumerate(zip(groups, titles, strict=True))
    )


def topic_boundaries(
    sentences: Sequence[Sentence], vectors: NDArray[np.float32], *, end_seconds: float
) -> list[int]:
    """Return the indices of the sentences that open a new topic, ascending, never 0."""
    if len(sentences) < 2:  # noqa: PLR2004 - a boundary lies between two
        return []
    similarities = _similarities(sentences, vectors)
    depths = depth_scores(similarities)
    deep = depths.mean() + depths.std() / 2
    minimum = min(max(end_seconds / MAX_CHAPTERS, SHORTEST_SECONDS), LONGEST_MINIMUM_SECONDS)
    accepted: list[int] = []
    times = [0.0, end_seconds]
    # Rounded, so that the last bits of another machine's arithmetic do not reorder equals.
    for gap in sorted(_valleys(similarities), key=lambda g: (-round(float(depths[g]), 6), g)):
        if depths[gap] < deep or depths[gap] <= 0:
            break
        start = sentences[gap + 1].start_seconds
        if min(abs(start - time) for time in times) >= minimum:
            accepted.append(gap + 1)
            times.append(start)
    return sorted(accepted)


def depth_scores(similarities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each gap how far its similarity lies below the peaks on both of its sides."""
    depths = np.zeros_like(similarities)
    for gap, similarity in enumerate(similarities):
        left = _climb(similarities[gap::-1])
        right = _climb(similarities[gap:])
        depths[gap] = (left - similarity) + (right - similarity)
    return depths


def _valleys(similarities: NDArray[np.float64]) -> list[int]:
    """Return the gaps whose similarity is not above either neighbour's."""
    walled = np.concatenate([[np.inf], similarities, [np.inf]])
    lowest = (walled[1:-1] <= walled[:-2]) & (walled[1:-1] <= walled[2:])
    return [int(gap) for gap in np.flatnonzero(lowest)]


def _climb(values: NDArray[np.float64]) -> float:
    """Return the first peak reached by going up from the first value."""
    peak = float(values[0])
    for value in values[1:]:
        if value < peak:
            break
        peak = float(value)
    return peak


def _similarities(
    sentences: Sequence[Sentence], vectors: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return the cosine between the windows on both sides of each gap, shape (n - 1,)."""
    # Weighted by length: a long sentence says more about the subject than "Yes.".
    lengths = np.array([len(sentence.words) for sentence in sentences], dtype=np.float64)
    weighted = vectors.astype(np.float64) * lengths[:, None]
    summed = np.vstack([np.zeros(vectors.shape[1]), np.cumsum(weighted, axis=0)])
    middle = np.arange(1, len(sentences))
    left = summed[middle] - summed[np.maximum(0, middle - WINDOW_SENTENCES)]
    right = summed[np.minimum(len(sentences), middle + WINDOW_SENTENCES)] - summed[middle]
    scale = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    cosines: NDArray[np.float64] = (left * right).sum(axis=1) / np.maximum(scale, 1e-12)
    return cosines
