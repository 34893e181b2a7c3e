import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.core import jobs as lifecycle
from runtime.core.contract import Stage
from runtime.core.jobs import Source
from runtime.core.ports import Progress
from runtime.processor.supervision.interruption import Interruption, StopRequestedError
from runtime.processor.supervision.progress import (
    STALL_SECONDS,
    WEIGHTS,
    SiblingFailedError,
    StageTracker,
)
from runtime.processor.supervision.reporter import Reporter, start_job
from tests.fakes.clock import FakeClock
from tests.fakes.jobs import InMemoryJobStore
from tests.fakes.log import CapturedLog

SOURCE = Source(bucket="any", key="uploads/any.mp4", etag="any", size_bytes=1)

stages = st.sampled_from(Stage)


def test_should_weigh_every_stage_in_the_order_it_runs() -> None:
    assert list(WEIGHTS) == list(Stage)
    assert sum(WEIGHTS.values()) == 100


def test_should_know_when_every_stage_counts_as_hung() -> None:
    assert set(STALL_SECONDS) == set(Stage)


class Work:
    """A stage tracker over fakes, and what stops its work."""

    def __init__(self) -> None:
        self.clock, log, store = FakeClock(), CapturedLog(), InMemoryJobStore()
        self.store = store
        clock = self.clock
        store.create(lifecycle.claim_new(SOURCE, now=0.0, lease_seconds=60.0))
        job = start_job(store=store, job_id=SOURCE.job_id, attempt=1, task_arn=None, now=0.0)
        self.interruption = Interruption(clock=clock, timeout_seconds=6000.0)
        self.tracker = StageTracker(
            reporter=Reporter(store=store, job=job, clock=clock, log=log),
            interruption=self.interruption,
            clock=clock,
            log=log,
        )

    def shown(self) -> tuple[Stage, float]:
        """What the job's record says by now."""
        self.clock.advance(2.0)
        self.tracker._advance(Stage.PUBLISH, 0.0)
        job = self.store.saved[-1]
        assert job.stage is not None
        return Stage(job.stage), job.progress


@given(st.lists(st.tuples(stages, st.floats(0.0, 1.0)), max_size=30))
def test_should_never_go_back_however_stages_advance(steps: list[tuple[Stage, float]]) -> None:
    work = Work()
    done, at = 0.0, list(Stage)
    for stage, fraction in steps:
        work.tracker._advance(stage, fraction)
        shown, progress = work.shown()
        assert 0.0 <= done <= progress <= 1.0
        done = progress
        at = at[at.index(shown) :]


def test_should_show_the_first_unfinished_of_stages_side_by_side() -> None:
    work = Work()
    work.tracker.expect([Stage.TRANSCRIBE, Stage.SCENES, Stage.PUBLISH])
    with work.tracker.stage(Stage.TRANSCRIBE), work.tracker.stage(Stage.SCENES):
        assert work.shown()[0] is Stage.TRANSCRIBE
    assert work.shown() == (Stage.PUBLISH, 0.98)


def test_should_count_what_need_not_run_as_done() -> None:
    work = Work()
    work.tracker.expect([Stage.SCENES, Stage.PUBLISH])
    assert work.shown() == (Stage.SCENES, 0.81)


def test_should_see_a_stage_hang_although_one_beside_it_goes_on() -> None:
    work = Work()
    with (
        work.tracker.stage(Stage.TRANSCRIBE) as on_progress,
        work.tracker.stage(Stage.SCENES),
    ):
        for _ in range(3):
            assert work.tracker.stalled is None
            work.clock.advance(STALL_SECONDS[Stage.SCENES] / 3)
            on_progress(0.1)
        assert work.tracker.stalled is Stage.SCENES
    assert work.tracker.stalled is None


def test_should_stop_beside_a_stage_that_failed() -> None:
    work = Work()
    with pytest.raises(SiblingFailedError), work.tracker.stage(Stage.SCENES):
        work.tracker.stop_siblings()


def test_should_record_the_stage_that_failed_and_not_the_one_beside_it() -> None:
    work = Work()
    with work.tracker.stage(Stage.TRANSCRIBE):
        with pytest.raises(KeyError), work.tracker.stage(Stage.SCENES):
            raise KeyError
        assert work.store.saved[-1].stage == Stage.SCENES


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
