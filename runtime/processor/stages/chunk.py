"""Divides a video into chapters, one for each topic."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from runtime.core.media import Chapter, Scene, Sentence
from runtime.processor.models.sentence_embedder import SentenceEmbedder
from runtime.processor.stages.titles import chapter_titles
from runtime.processor.stages.topics import topic_boundaries

_TINY = 1e-9


def divide_into_chapters(
    sentences: Sequence[Sentence],
    vectors: NDArray[np.float32],
    *,
    embed: SentenceEmbedder,
    language: str | None,
    duration_seconds: float,
    scenes: Sequence[Scene] = (),
) -> tuple[Chapter, ...]:
    """Return chapters that cover 0 to the end without a gap; none without sentences.

    `vectors` holds a unit row for each sentence. A chapter begins with its first sentence, the
    first one at 0, and lasts at least a twelfth of the video within 20 s to 300 s.
    """
    if not sentences:
        return ()
    end = max(duration_seconds, sentences[-1].end_seconds)
    opening = topic_boundaries(sentences, vectors, end_seconds=end, scenes=scenes)
    starts = [0, *opening, len(sentences)]
    groups = [tuple(sentences[a:b]) for a, b in pairwise(starts)]
    subjects = np.array([_subject(sentences, vectors, a, b) for a, b in pairwise(starts)])
    titles = chapter_titles(groups, subjects, embed=embed, language=language)
    times = [0.0, *(group[0].start_seconds for group in groups[1:]), end]
    return tuple(
        Chapter(start_seconds=times[i], end_seconds=times[i + 1], title=title, sentences=group)
        for i, (group, title) in enumerate(zip(groups, titles, strict=True))
    )


def _subject(
    sentences: Sequence[Sentence], vectors: NDArray[np.float32], first: int, end: int
) -> NDArray[np.float32]:
    """Return the mean of the vectors of some sentences, by their words, at unit length.

    An embedding of their text would read its first 256 tokens, and cost as much as they did.
    """
    words = np.array([len(sentence.words) for sentence in sentences[first:end]], dtype=np.float32)
    total: NDArray[np.float32] = words @ vectors[first:end]
    return total / max(float(np.linalg.norm(total)), _TINY)
