import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from runtime.core.media import Sentence
from runtime.processor.stages.chunk import divide_into_chapters
from runtime.processor.stages.titles import alike
from runtime.processor.stages.topics import MAX_CHAPTERS, SHORTEST_SECONDS
from tests.unit.processor.builders import embed, sentence

HARBOUR = "boats in the harbour need strong walls"
RAILWAY = "trains on the railway carry heavy slate"
MARKET = "every stall of the market sells fresh bread"


def talk(*subjects: tuple[str, int], each_seconds: float = 5.0) -> tuple[Sentence, ...]:
    """`count` sentences on each subject, one after another."""
    texts = [text for text, count in subjects for _ in range(count)]
    return tuple(
        sentence(text + ".", start=i * each_seconds, each=each_seconds / 10)
        for i, text in enumerate(texts)
    )


def chapters_of(sentences: tuple[Sentence, ...], seconds: float, language: str = "en") -> list[int]:
    chapters = divide_into_chapters(
        sentences,
        embed([s.text for s in sentences]),
        embed=embed,
        language=language,
        duration_seconds=seconds,
    )
    return [len(chapter.sentences) for chapter in chapters]


def test_should_begin_a_chapter_where_the_subject_changes() -> None:
    said = talk((HARBOUR, 9), (RAILWAY, 7), (MARKET, 8))
    assert chapters_of(said, 120.0) == [9, 7, 8]


def test_should_keep_one_subject_in_one_chapter() -> None:
    assert chapters_of(talk((HARBOUR, 20)), 100.0) == [20]


def test_should_not_make_chapters_shorter_than_the_minimum() -> None:
    said = talk((HARBOUR, 3), (RAILWAY, 12), each_seconds=5.0)
    assert chapters_of(said, 75.0) == [15]


def test_should_not_end_with_a_chapter_shorter_than_the_minimum() -> None:
    said = talk((HARBOUR, 12), (RAILWAY, 3), each_seconds=5.0)
    assert chapters_of(said, 75.0) == [15]


def test_should_cover_the_video_from_start_to_end() -> None:
    said = talk((HARBOUR, 9), (RAILWAY, 9))
    first, second = divide_into_chapters(
        said, embed([s.text for s in said]), embed=embed, language="en", duration_seconds=100.0
    )
    assert (first.start_seconds, second.start_seconds, second.end_seconds) == (0.0, 45.0, 100.0)
    assert first.end_seconds == second.start_seconds


def test_should_make_no_chapter_of_silence() -> None:
    nothing = np.zeros((0, 256), dtype=np.float32)
    assert divide_into_chapters((), nothing, embed=embed, language=None, duration_seconds=9.0) == ()


def test_should_make_one_chapter_of_one_sentence() -> None:
    assert chapters_of(talk((HARBOUR, 1)), 5.0) == [1]


@given(
    st.lists(
        st.tuples(st.sampled_from([HARBOUR, RAILWAY, MARKET]), st.integers(1, 6)),
        min_size=1,
        max_size=12,
    ),
    st.floats(1.0, 60.0),
)
def test_should_tile_the_video_with_chapters_of_decent_length(
    subjects: list[tuple[str, int]], each_seconds: float
) -> None:
    said = talk(*subjects, each_seconds=each_seconds)
    duration = len(said) * each_seconds
    chapters = divide_into_chapters(
        said, embed([s.text for s in said]), embed=embed, language="en", duration_seconds=duration
    )
    assert tuple(s for chapter in chapters for s in chapter.sentences) == said
    assert chapters[0].start_seconds == 0.0
    assert chapters[-1].end_seconds >= duration
    assert len(chapters) <= MAX_CHAPTERS
    titles = [c.title for c in chapters if not c.title.startswith("Chapter ")]
    assert len({chapter.title for chapter in chapters}) == len(chapters)
    assert not any(alike(a, b) for i, a in enumerate(titles) for b in titles[:i])
    for chapter in chapters if len(chapters) > 1 else ():
        assert chapter.end_seconds - chapter.start_seconds >= SHORTEST_SECONDS - 1e-6
