"""Owns the job's record while this process runs it, and makes every write to it, one at a time."""

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
"""Consecutive progress writes that may fail before the job table counts as gone."""

START_TRIES = 5
"""Each try loses only to somebody else's write to the same record; there are not many writers."""


def start_job(
    *, store: JobStore, job_id: str, attempt: int, task_arn: str | None, now: float
) -> Job:
    """Move this attempt's job to RUNNING and return it; raise `LeaseLost` if it is not ours to run.

    The dispatcher may be writing the task's ARN at the same moment, which is why a lost race is
    looked at again instead of believed.
    """
    for _ in range(START_TRIES):
        job = store.get(job_id)
        if job is None:
            raise _lost(job_id, attempt, "it has no record")
        if job.attempt != attempt:
            raise _lost(job_id, attempt, f"attempt {job.attempt} owns it")
        if job.state not in {State.CLAIMED, State.LAUNCHED}:
            raise _lost(job_id, attempt, f"it is {job.state} already")
        running = lifecycle.start(job, now=now, task_arn=task_arn)
        try:
            store.save(job, running)
        except StaleWriteError:
            continue
        return running
    raise _lost(job_id, attempt, "somebody else keeps writing to it")


class Reporter:
    """Writes a running job's progress and its end; safe to share between threads.

    Every write is conditional on state and attempt. Once one is refused because somebody else
    moved the job, no further write is tried: all methods raise `LeaseLost`.
    """

    def __init__(self, *, store: JobStore, job: Job, clock: Clock, log: Log) -> None:
        """Take over `job`, as `start_job` returned it."""
        self._store = store
        self._job = job
        self._clock = clock
        self._log = log
        self._lock = threading.RLock()
        self._lost = False
        self._last_report = clock.monotonic() - MIN_SECONDS_BETWEEN_REPORTS
        self._last_step = clock.monotonic()
        self._failed_reports = 0

    @property
    def silent_seconds(self) -> float:
        """How long ago the work last made a step, reported or not."""
        with self._lock:
            return self._clock.monotonic() - self._last_step

    @property
    def job(self) -> Job:
        """The job as last written."""
        with self._lock:
            return self._job

    @property
    def lost(self) -> bool:
        """Whether a write has shown that the job is no longer ours."""
        with self._lock:
            return self._lost

    def check(self) -> None:
        """Raise `LeaseLost` if a write has shown that the job is no longer ours."""
        with self._lock:
            if self._lost:
                raise _lost(self._job.job_id, self._job.attempt, "somebody else moved it")

    def report(self, stage: Stage, progress: float) -> None:
        """Record stage and overall progress (0 to 1), within a stage at most once a second.

        A write that fails for a passing reason is logged and made up for by the next one; the
        sixth in a row raises `Retryable`.
        """
        with self._lock:
            self.check()
            self._last_step = self._clock.monotonic()
            elapsed = self._clock.monotonic() - self._last_report
            if stage == self._job.stage and elapsed < MIN_SECONDS_BETWEEN_REPORTS:
                return
            self._write_news(
                lambda job, now: lifecycle.report(job, now=now, stage=stage, progress=progress)
            )

    def beat(self, *, every_seconds: float) -> None:
        """Record that the job is alive unless a write has said so within `every_seconds`."""
        with self._lock:
            self.check()
            if self._clock.monotonic() - self._last_report >= every_seconds:
                self._write_news(lambda job, now: lifecycle.beat(job, now=now))

    def succeed(self, result_key: str) -> None:
        """Record the success and, in the same transaction, the upload as processed."""
        self._write(lambda job, now: lifecycle.succeed(job, now=now, result_key=result_key))

    def fail(self, failure: Failure) -> None:
        """Record the failure with its reason."""
        self._write(lambda job, now: lifecycle.fail(job, now=now, failure=failure))

    def release(self) -> None:
        """Put the job back to PENDING, for a later attempt to resume; this run counts."""
        self._write(lambda job, now: lifecycle.requeue(job, now=now))

    def hand_back(self) -> None:
        """Put the job back to PENDING because this machine goes away; this run does not count."""
        self._write(lambda job, now: lifecycle.requeue(job, now=now, run_counts=False))

    def _write_news(self, change: Callable[[Job, float], Job]) -> None:
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
            except StaleWriteError:
                self._lost = True
                self.check()
            self._job = after


def _lost(job_id: str, attempt: int, why: str) -> LeaseLost:
    return LeaseLost(
        "job.lease_lost",
        f"Attempt {attempt} may not work on job {job_id}: {why}.",
        "Nothing is to be done: whoever owns the job goes on with it.",
    )
