from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.core import jobs as lifecycle
from runtime.core.contract import Stage
from runtime.core.jobs import Source
from runtime.core.ports import Progress
from runtime.processor.interruption import Interruption, StopRequestedError
from runtime.processor.progress import WEIGHTS, StageTracker, overall_progress
from runtime.processor.reporter import Reporter, take_job
from tests.fakes.clock import FakeClock
from tests.fakes.jobs import InMemoryJobStore
from tests.fakes.log import CapturedLog

SOURCE = Source(bucket="any", key="uploads/any.mp4", etag="any", size_bytes=1)

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


class Work:
    """A stage tracker over fakes, and what stops its work."""

    def __init__(self) -> None:
        clock, log, store = FakeClock(), CapturedLog(), InMemoryJobStore()
        store.create(lifecycle.claim_new(SOURCE, now=0.0, lease_seconds=60.0))
        job = take_job(store=store, job_id=SOURCE.job_id, attempt=1, task_arn=None, now=0.0)
        self.interruption = Interruption(clock=clock, timeout_seconds=60.0)
        self.tracker = StageTracker(
            reporter=Reporter(store=store, job=job, clock=clock, log=log),
            interruption=self.interruption,
            clock=clock,
            log=log,
        )


def test_should_stop_at_the_next_step_of_a_stage() -> None:
    work = Work()
    steps = []

    def detect(on_progress: Progress) -> None:
        for step in range(4):
            steps.append(step)
            work.interruption.request_stop()
            on_progress(step / 4)

    with pytest.raises(StopRequestedError), work.tracker.stage(Stage.SCENES) as on_progress:
        detect(on_progress)
    assert steps == [0]


def test_should_stop_at_the_end_of_a_stage_without_steps() -> None:
    work = Work()
    with pytest.raises(StopRequestedError), work.tracker.stage(Stage.PROBE):
        work.interruption.request_stop()
    assert work.tracker.seconds == {}


def test_should_not_begin_a_stage_when_asked_to_stop() -> None:
    work = Work()
    work.interruption.request_stop()
    begun = []
    with pytest.raises(StopRequestedError), work.tracker.stage(Stage.PROBE):
        begun.append(Stage.PROBE)
    assert begun == []
