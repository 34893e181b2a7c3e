"""Divides a video into chapters, one for each topic."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from runtime.core.media import Chapter, Scene, Sentence
from runtime.processor.models.sentence_embedder import SentenceEmbedder
from runtime.processor.stages.titles import chapter_titles
from runtime.processor.stages.topics import topic_boundaries


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
    titles = chapter_titles(groups, embed=embed, language=language)
    times = [0.0, *(group[0].start_seconds for group in groups[1:]), end]
    return tuple(
        Chapter(start_seconds=times[i], end_seconds=times[i + 1], title=title, sentences=group)
        for i, (group, title) in enumerate(zip(groups, titles, strict=True))
    )
