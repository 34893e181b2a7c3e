from collections.abc import Callable

import pytest

from runtime.core import jobs as lifecycle
from runtime.core.contract import Stage
from runtime.core.errors import LeaseLost, Retryable
from runtime.core.jobs import Failure, Job, Source, State
from runtime.processor.supervision.reporter import (
    MAX_FAILED_REPORTS,
    MIN_SECONDS_BETWEEN_REPORTS,
    START_TRIES,
    Reporter,
    start_job,
)
from tests.fakes.clock import FakeClock
from tests.fakes.jobs import InMemoryJobStore
from tests.fakes.log import CapturedLog

SOURCE = Source(bucket="any", key="uploads/any.mp4", etag="any", size_bytes=1)


class MoodyStore(InMemoryJobStore):
    """Fails the next writes as given, and counts the tries."""

    def __init__(self) -> None:
        super().__init__()
        self.failing = 0
        self.tries = 0

    def save(self, before: Job, after: Job) -> None:
        self.tries += 1
        if self.failing:
            self.failing -= 1
            raise Retryable("any.throttled", "Throttled.", "Wait.")
        super().save(before, after)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store() -> MoodyStore:
    return MoodyStore()


@pytest.fixture
def log() -> CapturedLog:
    return CapturedLog()


@pytest.fixture
def reporter(store: MoodyStore, clock: FakeClock, log: CapturedLog) -> Reporter:
    claimed = lifecycle.claim_new(SOURCE, now=clock.now(), lease_seconds=60.0)
    store.create(claimed)
    job = start_job(
        store=store, job_id=SOURCE.job_id, attempt=1, task_arn="arn:any", now=clock.now()
    )
    store.tries = 0
    return Reporter(store=store, job=job, clock=clock, log=log)


def test_should_write_within_a_stage_at_most_once_a_second(
    reporter: Reporter, store: MoodyStore, clock: FakeClock
) -> None:
    for quarter in range(13):
        reporter.report(Stage.TRANSCRIBE, quarter / 100)
        clock.advance(MIN_SECONDS_BETWEEN_REPORTS / 4)
    assert store.tries == 4


def test_should_write_every_change_of_stage(reporter: Reporter, store: MoodyStore) -> None:
    for stage in Stage:
        reporter.report(stage, 0.5)
    assert store.tries == len(Stage)
    assert store.jobs[SOURCE.job_id].stage == Stage.PUBLISH


def test_should_make_up_for_failed_writes(
    reporter: Reporter, store: MoodyStore, clock: FakeClock, log: CapturedLog
) -> None:
    for _ in range(3):
        store.failing = MAX_FAILED_REPORTS
        for _ in range(MAX_FAILED_REPORTS):
            clock.advance(1.0)
            reporter.report(Stage.SCENES, 0.5)
        clock.advance(1.0)
        reporter.report(Stage.SCENES, 0.6)
    assert store.jobs[SOURCE.job_id].progress == 0.6
    assert len(log.actions("WARNING")) == 3 * MAX_FAILED_REPORTS


def test_should_give_up_when_too_many_writes_fail_in_a_row(
    reporter: Reporter, store: MoodyStore, clock: FakeClock
) -> None:
    store.failing = MAX_FAILED_REPORTS + 1
    for _ in range(MAX_FAILED_REPORTS):
        clock.advance(1.0)
        reporter.report(Stage.SCENES, 0.5)
    clock.advance(1.0)
    with pytest.raises(Retryable):
        reporter.report(Stage.SCENES, 0.5)


@pytest.mark.parametrize("last_write", ["report", "succeed", "fail", "requeue"])
def test_should_never_write_again_once_the_job_is_lost(
    reporter: Reporter, store: MoodyStore, clock: FakeClock, last_write: str
) -> None:
    there = store.jobs[SOURCE.job_id]
    released = lifecycle.requeue(there, now=0.0)
    taken = lifecycle.take_over(released, now=0.0, lease_seconds=60.0)
    store.jobs[SOURCE.job_id] = taken
    reporter.check()
    writes = {
        "report": lambda: reporter.report(Stage.FETCH, 0.0),
        "succeed": lambda: reporter.succeed("any-key"),
        "fail": lambda: reporter.fail(Failure(code="any", summary="Any.", resolution="Any.")),
        "requeue": lambda: reporter.requeue(run_counts=True),
    }
    with pytest.raises(LeaseLost):
        writes[last_write]()
    store.tries = 0
    clock.advance(10.0)
    for write in (*writes.values(), reporter.check):
        with pytest.raises(LeaseLost):
            write()
    assert store.tries == 0
    assert store.jobs[SOURCE.job_id] == taken


def test_should_keep_the_stage_a_job_failed_in(reporter: Reporter, store: MoodyStore) -> None:
    reporter.report(Stage.DIARIZE, 0.4)
    reporter.fail(Failure(code="any.code", summary="Any.", resolution="Any."))
    failed = store.jobs[SOURCE.job_id]
    assert (failed.state, failed.stage) == (State.FAILED, Stage.DIARIZE)


def test_should_give_up_taking_a_job_that_somebody_keeps_moving(clock: FakeClock) -> None:
    class Contended(InMemoryJobStore):
        """Every read finds the job back in the state it was in before the last write."""

        def save(self, before: Job, after: Job) -> None:
            self.jobs[before.job_id] = lifecycle.take_over(before, now=0.0, lease_seconds=0.0)
            try:
                super().save(before, after)
            finally:
                self.jobs[before.job_id] = before

    store = Contended()
    store.create(lifecycle.claim_new(SOURCE, now=0.0, lease_seconds=60.0))
    with pytest.raises(LeaseLost, match="keeps writing"):
        start_job(store=store, job_id=SOURCE.job_id, attempt=1, task_arn=None, now=clock.now())


class LosesAnswers(InMemoryJobStore):
    """Carries writes out and says that they failed."""

    def __init__(self, *, lost: int) -> None:
        super().__init__()
        self.lost = lost

    def save(self, before: Job, after: Job) -> None:
        super().save(before, after)
        if self.lost:
            self.lost -= 1
            raise Retryable("any.closed", "The answer was lost.", "Wait.")


def test_should_run_the_job_that_its_own_lost_write_has_started() -> None:
    store = LosesAnswers(lost=1)
    store.create(lifecycle.claim_new(SOURCE, now=0.0, lease_seconds=60.0))
    job = start_job(store=store, job_id=SOURCE.job_id, attempt=1, task_arn="arn:any", now=5.0)
    assert job == store.jobs[SOURCE.job_id]
    assert (job.state, job.runs) == (State.RUNNING, 1)


ENDS: dict[str, Callable[[Reporter], None]] = {
    "publish": lambda reporter: reporter.publish("results/any/attempts/1/summary.json"),
    "succeed": lambda reporter: reporter.succeed("results/any/attempts/1/summary.json"),
    "fail": lambda reporter: reporter.fail(Failure(code="any", summary="Any.", resolution="Any.")),
    "requeue": lambda reporter: reporter.requeue(run_counts=True),
    "wait": lambda reporter: reporter.wait("any.service"),
}


@pytest.mark.parametrize("end", ENDS)
def test_should_know_its_own_write_whose_answer_was_lost(
    end: str, clock: FakeClock, log: CapturedLog
) -> None:
    store = LosesAnswers(lost=0)
    store.create(lifecycle.claim_new(SOURCE, now=0.0, lease_seconds=60.0))
    job = start_job(store=store, job_id=SOURCE.job_id, attempt=1, task_arn="arn:any", now=0.0)
    reporter = Reporter(store=store, job=job, clock=clock, log=log)
    store.lost = 1
    with pytest.raises(Retryable):
        ENDS[end](reporter)
    clock.advance(1.0)
    ENDS[end](reporter)
    assert reporter.job == store.jobs[SOURCE.job_id]
    assert not reporter.lost


def test_should_not_take_another_writers_end_for_its_own(
    reporter: Reporter, store: MoodyStore, clock: FakeClock
) -> None:
    store.failing = 1
    with pytest.raises(Retryable):
        reporter.wait("any.service")
    clock.advance(1.0)
    other = store.jobs[SOURCE.job_id]
    store.jobs[SOURCE.job_id] = lifecycle.requeue(other, now=clock.now(), run_counts=False)
    with pytest.raises(LeaseLost):
        reporter.wait("any.service")
    assert reporter.lost


def test_should_not_run_a_job_that_another_process_started_meanwhile() -> None:
    class Overtaken(LosesAnswers):
        """Another task starts the attempt just before this process's write, which is refused."""

        def save(self, before: Job, after: Job) -> None:
            other = lifecycle.start(before, now=4.0, task_arn="arn:other")
            self.jobs[after.job_id] = other
            raise Retryable("any.throttled", "Throttled.", "Wait.")

    store = Overtaken(lost=0)
    store.create(lifecycle.claim_new(SOURCE, now=0.0, lease_seconds=60.0))
    with pytest.raises(LeaseLost, match="RUNNING already"):
        start_job(store=store, job_id=SOURCE.job_id, attempt=1, task_arn="arn:any", now=5.0)


def test_should_say_what_refused_the_start_of_a_job(store: MoodyStore) -> None:
    store.create(lifecycle.claim_new(SOURCE, now=0.0, lease_seconds=60.0))
    store.failing = 100
    with pytest.raises(Retryable, match="Throttled"):
        start_job(store=store, job_id=SOURCE.job_id, attempt=1, task_arn="arn:any", now=5.0)
    assert store.tries == START_TRIES
