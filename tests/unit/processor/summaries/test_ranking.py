import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.processor.summaries.ranking import lexrank


def test_should_rank_alike_what_is_alike() -> None:
    assert lexrank(np.eye(4, dtype=np.float32)) == pytest.approx([0.25] * 4)
    assert lexrank(np.ones((3, 1), dtype=np.float32)) == pytest.approx([1 / 3] * 3)


def test_should_rank_a_single_sentence() -> None:
    assert lexrank(np.ones((1, 3), dtype=np.float32)) == pytest.approx([1.0])


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
