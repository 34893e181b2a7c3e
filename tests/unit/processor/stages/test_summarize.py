import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.core.media import Sentence, Summary
from runtime.processor.stages.summarize import lexrank, summarize, summary_length
from tests.unit.processor.builders import ANNA, BEN, embed, sentence


def talk(*texts: str) -> tuple[Sentence, ...]:
    return tuple(
        sentence(text, start=10.0 * i, speaker=(ANNA, BEN)[i % 2]) for i, text in enumerate(texts)
    )


def summary_of(said: tuple[Sentence, ...], duration_seconds: float = 60.0) -> Summary:
    vectors = embed([s.text for s in said])
    return summarize(said, vectors, language="en", duration_seconds=duration_seconds)


CENTRAL = "The harbour walls protect the harbour boats."
SAID = talk(
    "The boats lie in the harbour.",
    "Lunch was rather late again today.",
    CENTRAL,
    "Somebody left this green umbrella behind.",
    "The walls protect what is inside.",
)


def test_should_choose_the_sentence_that_the_others_are_about() -> None:
    (chosen,) = summary_of(SAID).sentences
    assert chosen.text == CENTRAL


def test_should_cite_where_and_by_whom_it_was_said() -> None:
    (chosen,) = summary_of(SAID).sentences
    cited = SAID[2]
    assert (chosen.start_seconds, chosen.end_seconds, chosen.speaker) == (
        cited.start_seconds,
        cited.end_seconds,
        cited.speaker,
    )


def test_should_not_repeat_itself() -> None:
    said = talk(
        CENTRAL,
        CENTRAL,
        CENTRAL,
        "The railway carries slate to the coast.",
        "Slate from the railway fills the coast.",
        "The coast buys slate.",
    )
    chosen = [s.text for s in summary_of(said).sentences]
    assert len(chosen) == 2
    assert chosen.count(CENTRAL) == 1


def test_should_prefer_what_says_more_among_equals() -> None:
    telling = "Fishermen built granite harbour walls against heavy winter storms."
    said = talk(telling, "Well, as it was said, there it is then.", "So it is.")
    assert [s.text for s in summary_of(said).sentences] == [telling]


def test_should_tell_in_order_of_time() -> None:
    said = talk(*(f"The harbour has {i} boats and walls." for i in range(30)))
    starts = [s.start_seconds for s in summary_of(said, 1200.0).sentences]
    assert starts == sorted(starts)
    assert len(starts) > 3


@pytest.mark.parametrize(
    "fragment",
    ["The harbour walls.", "of the harbour walls and harbour boats.", "The harbour walls and the"],
)
def test_should_prefer_whole_sentences(fragment: str) -> None:
    said = talk(fragment, "The harbour is old and grey.", fragment, "The harbour walls are strong.")
    assert all(s.text != fragment for s in summary_of(said).sentences)


def test_should_take_fragments_where_there_is_nothing_else() -> None:
    assert [s.text for s in summary_of(talk("and so", "well")).sentences] != []


@pytest.mark.parametrize(
    ("minutes", "sentences", "expected"),
    [(2, 100, 5), (15, 100, 9), (60, 500, 15), (60, 9, 3), (1, 2, 1), (1, 1, 1), (1, 0, 0)],
)
def test_should_grow_with_the_video_but_slowly(
    minutes: float, sentences: int, expected: int
) -> None:
    assert summary_length(minutes * 60, sentences) == expected


def test_should_rank_alike_what_is_alike() -> None:
    assert lexrank(np.eye(4, dtype=np.float32)) == pytest.approx([0.25] * 4)
    assert lexrank(np.ones((3, 1), dtype=np.float32)) == pytest.approx([1 / 3] * 3)


def test_should_rank_a_single_sentence() -> None:
    assert lexrank(np.ones((1, 3), dtype=np.float32)) == pytest.approx([1.0])


def test_should_summarize_silence_by_silence() -> None:
    nothing = np.zeros((0, 4), dtype=np.float32)
    summary = summarize((), nothing, language=None, duration_seconds=60.0)
    assert summary.sentences == ()


@given(st.lists(st.text("ab ", min_size=1).filter(str.strip), min_size=1, max_size=20))
def test_should_cite_only_what_was_said(texts: list[str]) -> None:
    said = talk(*texts)
    summary = summary_of(said)
    assert len(summary.sentences) == summary_length(60.0, len(said))
    passages = {(s.text, s.start_seconds, s.end_seconds, s.speaker) for s in said}
    chosen = [(s.text, s.start_seconds, s.end_seconds, s.speaker) for s in summary.sentences]
    assert len(set(chosen)) == len(chosen)
    assert passages.issuperset(chosen)


@given(st.integers(1, 40), st.integers(1, 8))
def test_should_share_out_all_centrality(count: int, dimension: int) -> None:
    rows = np.random.default_rng(count * dimension).normal(size=(count, dimension))
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    ranks = lexrank(vectors)
    assert ranks.sum() == pytest.approx(1.0, abs=1e-4)
    assert (ranks > 0).all()


def test_should_rank_many_sentences_by_some_of_them_as_those_rank_each_other() -> None:
    vectors = np.random.default_rng(3).normal(size=(3000, 12)).astype(np.float32)
    vectors[:, 0] += np.repeat([0.0, 1.5], 1500)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    some = np.arange(1250) * 3000 // 1250
    ranks, among_some = lexrank(vectors, most=1250), lexrank(vectors[some])
    assert ranks.sum() == pytest.approx(1.0, abs=1e-4)
    np.testing.assert_allclose(ranks[some] / ranks[some].sum(), among_some, rtol=1e-3)
    assert ranks[1500:].mean() > 1.1 * ranks[:1500].mean()
    np.testing.assert_array_equal(lexrank(vectors, most=3000), lexrank(vectors))


def test_should_rank_many_sentences_that_have_nothing_in_common() -> None:
    assert lexrank(np.eye(6, dtype=np.float32), most=3) == pytest.approx([1 / 6] * 6)
