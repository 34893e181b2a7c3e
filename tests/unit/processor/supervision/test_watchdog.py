import threading
from dataclasses import dataclass, field

import pytest

from runtime.core import jobs as lifecycle
from runtime.core.contract import ExitCode, Stage
from runtime.core.jobs import Job, Source, State
from runtime.processor.supervision.interruption import Interruption
from runtime.processor.supervision.reporter import Reporter, start_job
from runtime.processor.supervision.watchdog import START_SECONDS, Watchdog, WatchdogTimeouts
from tests.fakes.clock import FakeClock
from tests.fakes.jobs import InMemoryJobStore
from tests.fakes.log import CapturedLog

SOURCE = Source(bucket="any", key="uploads/any.mp4", etag="any", size_bytes=1)
PATIENCE = WatchdogTimeouts(
    heartbeat_seconds=30.0,
    stall_seconds=900.0,
    after_loss_seconds=10.0,
    after_stop_seconds=105.0,
    after_deadline_seconds=60.0,
)
TIMEOUT_SECONDS = 3600.0


@dataclass
class Guarded:
    """A job whose work is inside a computation that never looks up."""

    clock: FakeClock = field(default_factory=FakeClock)
    store: InMemoryJobStore = field(default_factory=InMemoryJobStore)
    log: CapturedLog = field(default_factory=CapturedLog)
    aborted: list[ExitCode] = field(default_factory=list)
    hanging: Stage | None = None

    def __post_init__(self) -> None:
        claimed = lifecycle.claim_new(SOURCE, now=self.clock.now(), lease_seconds=60.0)
        self.store.create(claimed)
        job = start_job(
            store=self.store,
            job_id=SOURCE.job_id,
            attempt=1,
            task_arn="arn:any",
            now=self.clock.now(),
        )
        self.reporter = Reporter(store=self.store, job=job, clock=self.clock, log=self.log)
        self.interruption = Interruption(clock=self.clock, timeout_seconds=TIMEOUT_SECONDS)
        self.watchdog = Watchdog(
            reporter=self.reporter,
            stalled=lambda: self.hanging,
            interruption=self.interruption,
            timeouts=PATIENCE,
            clock=self.clock,
            log=self.log,
            abort=self.aborted.append,
        )

    def look_for(self, seconds: int) -> None:
        """Look once a second, until the process would have ended."""
        for _ in range(seconds):
            if self.aborted:
                return
            self.clock.advance(1.0)
            self.watchdog.check()

    @property
    def job(self) -> Job:
        job = self.store.get(SOURCE.job_id)
        assert job is not None
        return job

    def take_away(self) -> None:
        """Requeue the job and claim it again, as reaper and dispatcher do."""
        released = lifecycle.requeue(self.job, now=self.clock.now())
        self.store.save(self.job, released)
        self.store.save(
            released, lifecycle.take_over(released, now=self.clock.now(), lease_seconds=60.0)
        )


@pytest.fixture
def guarded() -> Guarded:
    return Guarded()


def test_should_beat_while_the_work_is_silent(guarded: Guarded) -> None:
    guarded.look_for(300)
    silence = [
        later.updated_at - earlier.updated_at
        for earlier, later in zip(guarded.store.saved, guarded.store.saved[1:], strict=False)
    ]
    assert len(silence) >= 9
    assert max(silence) <= PATIENCE.heartbeat_seconds + 1
    assert guarded.aborted == []


def test_should_not_beat_while_the_work_reports(guarded: Guarded) -> None:
    for second in range(100):
        guarded.reporter.report(Stage.SCENES, second / 100)
        guarded.look_for(2)
    beats = [job for job in guarded.store.saved if job.state is State.RUNNING and not job.stage]
    assert len(beats) == 1  # the start itself


def test_should_keep_stage_and_progress_in_a_beat(guarded: Guarded) -> None:
    guarded.reporter.report(Stage.DIARIZE, 0.4)
    guarded.look_for(60)
    assert (guarded.job.stage, guarded.job.progress) == (Stage.DIARIZE, 0.4)


def test_should_stop_beating_for_work_that_hangs(guarded: Guarded) -> None:
    guarded.look_for(2000)
    born = guarded.store.saved[0].updated_at
    assert 850 <= guarded.job.updated_at - born <= PATIENCE.stall_seconds
    assert [line.action for line in guarded.log.lines].count("watchdog.stalled") == 1


def test_should_stop_beating_for_one_stage_that_hangs_beside_others(guarded: Guarded) -> None:
    guarded.hanging = Stage.SCENES
    for _ in range(10):
        guarded.clock.advance(60.0)
        guarded.watchdog.check()
    born = guarded.store.saved[0].updated_at
    assert guarded.job.updated_at == born
    (line,) = (line for line in guarded.log.lines if line.action == "watchdog.stalled")
    assert line.fields["stage"] == Stage.SCENES


def test_should_beat_again_when_the_work_goes_on(guarded: Guarded) -> None:
    guarded.look_for(1000)
    guarded.reporter.report(Stage.DIARIZE, 0.5)
    guarded.look_for(100)
    assert guarded.clock.now() - guarded.job.updated_at <= PATIENCE.heartbeat_seconds


def test_should_abort_a_zombie_that_does_not_notice_it_lost_the_claim(guarded: Guarded) -> None:
    guarded.take_away()
    theirs = guarded.job
    guarded.look_for(60)
    assert guarded.aborted == [ExitCode.LOST_CLAIM]
    assert guarded.job == theirs


def test_should_leave_a_zombie_its_time_to_notice(guarded: Guarded) -> None:
    guarded.take_away()
    guarded.look_for(int(PATIENCE.heartbeat_seconds + PATIENCE.after_loss_seconds) - 2)
    assert guarded.aborted == []


def test_should_hand_the_job_back_before_the_platform_kills_the_process(guarded: Guarded) -> None:
    guarded.interruption.request_stop()
    guarded.look_for(int(PATIENCE.after_stop_seconds))
    assert guarded.aborted == []
    guarded.look_for(2)
    assert guarded.aborted == [ExitCode.RESUMABLE]
    assert (guarded.job.state, guarded.job.runs) == (State.PENDING, 0)


def test_should_not_hand_back_what_somebody_else_has(guarded: Guarded) -> None:
    guarded.interruption.request_stop()
    guarded.look_for(int(PATIENCE.after_stop_seconds))
    guarded.take_away()
    theirs = guarded.job
    guarded.look_for(5)
    assert guarded.aborted == [ExitCode.LOST_CLAIM]
    assert guarded.job == theirs


def test_should_fail_a_job_that_computes_past_its_deadline(guarded: Guarded) -> None:
    guarded.look_for(int(TIMEOUT_SECONDS + PATIENCE.after_deadline_seconds) + 2)
    assert guarded.aborted == [ExitCode.PERMANENT_FAILURE]
    assert guarded.job.failure is not None
    assert guarded.job.failure.code == "job.deadline_exceeded"


def test_should_end_the_process_when_the_watchdog_itself_dies(guarded: Guarded) -> None:
    ended = threading.Event()

    def abort(code: ExitCode) -> None:
        guarded.aborted.append(code)
        ended.set()

    class DeadReporter(Reporter):
        def beat(self, *, every_seconds: float) -> None:
            raise KeyError(every_seconds)

    reporter = DeadReporter(
        store=guarded.store, job=guarded.job, clock=guarded.clock, log=guarded.log
    )
    watchdog = Watchdog(
        reporter=reporter,
        interruption=guarded.interruption,
        timeouts=PATIENCE,
        clock=guarded.clock,
        log=guarded.log,
        abort=abort,
    )
    with watchdog:
        assert ended.wait(120)
    assert guarded.aborted == [ExitCode.RETRYABLE_FAILURE]


def test_should_be_gone_after_its_context(guarded: Guarded) -> None:
    with guarded.watchdog:
        pass
    assert "watchdog" not in {thread.name for thread in threading.enumerate()}


class Stillborn(threading.Thread):
    """A thread that dies before it says that it runs, as one without memory does."""

    def _bootstrap(self) -> None:
        raise SystemExit


def test_should_abort_when_a_thread_never_starts(guarded: Guarded) -> None:
    stillborn = Stillborn(daemon=True)
    starting = threading.Thread(target=stillborn.start, daemon=True)
    starting.start()
    while stillborn not in threading.enumerate():
        starting.join(0.01)
    try:
        guarded.look_for(int(START_SECONDS) - 1)
        assert guarded.aborted == []
        guarded.look_for(3)
        assert guarded.aborted == [ExitCode.RETRYABLE_FAILURE]
        assert guarded.job.state is State.RUNNING, "the reaper counts the run"
    finally:
        stillborn._started.set()  # type: ignore[attr-defined]
        starting.join()
        threading._limbo.pop(stillborn)  # type: ignore[attr-defined]
