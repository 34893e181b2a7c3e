from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from runtime.core.contract import Stage
from runtime.processor.progress import WEIGHTS, overall_progress

fractions = st.floats(min_value=-1.0, max_value=2.0)


def test_should_weigh_every_stage_in_the_order_it_runs() -> None:
    assert list(WEIGHTS) == list(Stage)
    assert sum(WEIGHTS.values()) == 100


def test_should_run_from_0_to_1() -> None:
    assert overall_progress(Stage.FETCH, 0.0) == 0.0
    assert overall_progress(Stage.PUBLISH, 1.0) == 1.0


def test_should_end_a_stage_where_the_next_begins() -> None:
    for stage, following in pairwise(Stage):
        assert overall_progress(stage, 1.0) == overall_progress(following, 0.0)


@given(st.sampled_from(Stage), fractions, fractions)
def test_should_grow_with_the_stage(stage: Stage, one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert 0.0 <= overall_progress(stage, less) <= overall_progress(stage, more) <= 1.0
