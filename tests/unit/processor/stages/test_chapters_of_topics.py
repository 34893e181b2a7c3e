"""Chapters of recordings with known topics, by the real embedder; the topics are held out."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.summaries.recordings import Recording, concatenation, read_topics, single
from benchmarks.summaries.segmentation import pk, window_of
from runtime.processor.models.sentence_embedder import load_sentence_embedder
from runtime.processor.stages.chunk import divide_into_chapters
from runtime.processor.stages.titles import alike
from runtime.processor.stages.topics import topic_boundaries

pytestmark = pytest.mark.models

TOPICS = read_topics("topics.txt")
HELD_OUT = dict(list(TOPICS.items())[len(TOPICS) // 2 :])
RECORDINGS = [concatenation(HELD_OUT, seed=100 + i) for i in range(20)]
Vectors = Callable[[Recording], NDArray[np.float32]]


@pytest.fixture(scope="module")
def vectors(models: Path) -> Vectors:
    """The embeddings of a recording; each text is embedded once for all."""
    embed = load_sentence_embedder(models / "minilm-l6")
    talks = [single(title, lines, seed=1) for title, lines in HELD_OUT.items()]
    texts = {s.text for recording in (*RECORDINGS, *talks) for s in recording.sentences}
    known = dict(zip(sorted(texts), embed(sorted(texts)), strict=True))
    return lambda recording: np.array([known[s.text] for s in recording.sentences])


def boundaries(recording: Recording, vectors: Vectors) -> list[int]:
    return topic_boundaries(
        recording.sentences,
        vectors(recording),
        end_seconds=recording.duration_seconds,
        scenes=recording.scenes,
    )


def test_should_find_where_the_topic_changes(vectors: Vectors) -> None:
    errors = []
    for recording in RECORDINGS:
        count = len(recording.sentences)
        window = window_of(recording.boundaries, count)
        found = boundaries(recording, vectors)
        errors.append(pk(recording.boundaries, found, count, window))
    assert np.mean(errors) < 0.03


@pytest.mark.parametrize("title", sorted(HELD_OUT))
def test_should_keep_one_topic_in_one_chapter(vectors: Vectors, title: str) -> None:
    assert boundaries(single(title, HELD_OUT[title], seed=1), vectors) == []


def test_should_name_no_two_chapters_alike(vectors: Vectors, models: Path) -> None:
    embed = load_sentence_embedder(models / "minilm-l6")
    for recording in RECORDINGS[:1]:
        chapters = divide_into_chapters(
            recording.sentences,
            vectors(recording),
            embed=embed,
            language="en",
            duration_seconds=recording.duration_seconds,
            scenes=recording.scenes,
        )
        titles = [chapter.title for chapter in chapters]
        assert not any(alike(a, b) for i, a in enumerate(titles) for b in titles[:i])
