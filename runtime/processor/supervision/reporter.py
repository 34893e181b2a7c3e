"""Writes the job's record while this process runs the job, one write at a time."""

import threading
from collections.abc import Callable

from runtime.core import jobs as lifecycle
from runtime.core.clock import Clock
from runtime.core.contract import Stage
from runtime.core.errors import LeaseLost, Retryable
from runtime.core.jobs import Failure, Job, State
from runtime.core.log import Log
from runtime.core.ports import JobStore, StaleWriteError

MIN_SECONDS_BETWEEN_REPORTS = 1.0
MAX_FAILED_REPORTS = 5
"""Progress writes in a row that may fail before the job stops."""

START_TRIES = 5
"""Each try can lose to one other write of the same record, and there are few writers."""


INTERRUPTED_TOO_OFTEN = Failure(
    code="job.interrupted_too_often",
    summary=f"More than {lifecycle.MAX_INTERRUPTIONS} runs in a row were cut short.",
    resolution="Look at why its workers were stopped (unhealthy, out of memory, Spot, "
    "deployments); then retry the job.",
)


def start_job(
    *, store: JobStore, job_id: str, attempt: int, task_arn: str | None, now: float
) -> Job:
    """Move this attempt's job to RUNNING and return it; raise `LeaseLost` if it may not run it.

    A lost race is retried: the dispatcher may be writing the task's ARN at the same moment. So is a
    write that fails for a passing reason, because it may have taken effect: a job that is RUNNING
    without a process would wait for the reaper and lose a run.
    """
    uncertain: Retryable | None = None
    for _ in range(START_TRIES):
        job = store.get(job_id)
        if job is None:
            raise _lost(job_id, attempt, "it has no record")
        if job.attempt != attempt:
            raise _lost(job_id, attempt, f"attempt {job.attempt} owns it")
        if uncertain and job.state is State.RUNNING and _started(job, now, task_arn):
            return job
        if job.state not in {State.CLAIMED, State.LAUNCHED}:
            raise _lost(job_id, attempt, f"it is {job.state} already")
        running = lifecycle.start(job, now=now, task_arn=task_arn)
        try:
            store.save(job, running)
        except StaleWriteError:
            continue
        except Retryable as error:
            uncertain = error
            continue
        return running
    raise uncertain or _lost(job_id, attempt, "another process keeps writing to it")


def _started(job: Job, now: float, task_arn: str | None) -> bool:
    """Return whether the record is what this process wrote to start the job."""
    return job.updated_at == now and job.task_arn == task_arn


class Reporter:
    """Writes a running job's progress and its end; safe to share between threads.

    Every write is conditional on state and attempt. After one is refused because another process
    moved the job, all methods raise `LeaseLost` without a write. A write that is repeated after
    `Retryable` is also refused if it took effect the first time; then the record says so.
    """

    def __init__(self, *, store: JobStore, job: Job, clock: Clock, log: Log) -> None:
        self._store = store
        self._job = job
        self._clock = clock
        self._log = log
        self._lock = threading.RLock()
        self._lost = False
        self._uncertain: list[Job] = []
        self._last_report = clock.monotonic() - MIN_SECONDS_BETWEEN_REPORTS
        self._last_step = clock.monotonic()
        self._failed_reports = 0

    @property
    def silent_seconds(self) -> float:
        """Seconds since the last progress, reported or not."""
        with self._lock:
            return self._clock.monotonic() - self._last_step

    @property
    def job(self) -> Job:
        """The job as last written."""
        with self._lock:
            return self._job

    @property
    def lost(self) -> bool:
        """Whether a write was refused because another process moved the job."""
        with self._lock:
            return self._lost

    def check(self) -> None:
        """Raise `LeaseLost` if `lost`."""
        with self._lock:
            if self._lost:
                raise _moved(self._job)

    def report(self, stage: Stage, progress: float) -> None:
        """Record stage and overall progress (0 to 1), within a stage at most once a second.

        A write that fails with `Retryable` is logged, and the next one makes up for it; the sixth
        in a row raises.
        """
        with self._lock:
            self.check()
            self._last_step = self._clock.monotonic()
            elapsed = self._clock.monotonic() - self._last_report
            if stage == self._job.stage and elapsed < MIN_SECONDS_BETWEEN_REPORTS:
                return
            self._write_progress(
                lambda job, now: lifecycle.report(job, now=now, stage=stage, progress=progress)
            )

    def beat(self, *, every_seconds: float) -> None:
        """Write a heartbeat unless there was a write within `every_seconds`."""
        with self._lock:
            self.check()
            if self._clock.monotonic() - self._last_report >= every_seconds:
                self._write_progress(lambda job, now: lifecycle.beat(job, now=now))

    def publish(self, result_key: str) -> None:
        """Point the record at this attempt's results."""
        self._write(lambda job, now: lifecycle.publish(job, now=now, result_key=result_key))

    def succeed(self, result_key: str) -> None:
        """Record the success and, in the same transaction, the upload as processed."""
        self._write(lambda job, now: lifecycle.succeed(job, now=now, result_key=result_key))

    def fail(self, failure: Failure) -> None:
        """Record the failure with its reason; a job with published results succeeds instead."""
        self._write(lambda job, now: lifecycle.fail(job, now=now, failure=failure))

    def requeue(self, *, run_counts: bool) -> None:
        """Move the job to PENDING, for a later attempt to resume.

        `run_counts`: this run counts towards the job's maximum of runs. A job that was interrupted
        too often in a row fails instead.
        """
        if not run_counts and self.job.interruptions >= lifecycle.MAX_INTERRUPTIONS:
            self.fail(INTERRUPTED_TOO_OFTEN)
        else:
            self._write(lambda job, now: lifecycle.requeue(job, now=now, run_counts=run_counts))

    def wait(self, waiting_for: str) -> None:
        """Move the job to PENDING until a service is back; this run does not count."""
        self._write(lambda job, now: lifecycle.wait(job, now=now, waiting_for=waiting_for))

    def _write_progress(self, change: Callable[[Job, float], Job]) -> None:
        self._last_report = self._clock.monotonic()
        try:
            self._write(change)
        except Retryable as error:
            self._failed_reports += 1
            self._log.warning("report.failed", error=str(error), in_a_row=self._failed_reports)
            if self._failed_reports > MAX_FAILED_REPORTS:
                raise
        else:
            self._failed_reports = 0

    def _write(self, change: Callable[[Job, float], Job]) -> None:
        with self._lock:
            self.check()
            after = change(self._job, self._clock.now())
            try:
                self._store.save(self._job, after)
            except Retryable:
                self._uncertain.append(after)
                raise
            except StaleWriteError:
                self._job = self._written_before(after)
            else:
                self._job = after
            self._uncertain.clear()

    def _written_before(self, after: Job) -> Job:
        """Return what an earlier try of a write wrote, whose answer was lost."""
        tries = [each for each in self._uncertain if _same_change(each, after)]
        found = self._store.get(after.job_id) if tries else None
        for tried in tries:
            if found and _same_change(tried, found) and tried.updated_at == found.updated_at:
                return tried
        self._lost = True
        raise _moved(after)


def _same_change(one: Job, other: Job) -> bool:
    return (one.state, one.attempt, one.result_key) == (
        other.state,
        other.attempt,
        other.result_key,
    )


def _moved(job: Job) -> LeaseLost:
    return _lost(job.job_id, job.attempt, "another process moved it")


def _lost(job_id: str, attempt: int, why: str) -> LeaseLost:
    return LeaseLost(
        "job.lease_lost",
        f"Attempt {attempt} may not work on job {job_id}: {why}.",
        "Nothing is to be done: the job's owner goes on with it.",
    )
