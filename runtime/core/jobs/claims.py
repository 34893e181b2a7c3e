"""Transitions of the dispatcher: claims, takeovers, tasks and queued attempts."""

from typing import Any

from runtime.core.jobs.job import AFRESH, Failure, Job, Source, move
from runtime.core.jobs.states import IllegalTransitionError, State
from runtime.core.options import DEFAULT_OPTIONS, JobOptions
from runtime.core.submission import NO_SUBMISSION, Submission


def submitted(
    source: Source, *, now: float, options: JobOptions, submission: Submission = NO_SUBMISSION
) -> Job:
    """Return the job of a confirmed upload, before any claim: PENDING, attempt 0."""
    return _new(source, State.PENDING, now, attempt=0, options=options, submission=submission)


def claim_new(
    source: Source,
    *,
    now: float,
    lease_seconds: float,
    options: JobOptions = DEFAULT_OPTIONS,
    submission: Submission = NO_SUBMISSION,
) -> Job:
    """Return the first claim on a source: CLAIMED, attempt 1."""
    return _new(
        source,
        State.CLAIMED,
        now,
        lease_until=now + lease_seconds,
        options=options,
        submission=submission,
    )


def refused(
    source: Source, *, now: float, failure: Failure, submission: Submission = NO_SUBMISSION
) -> Job:
    """Return the job of an upload whose options cannot be met: FAILED from the start."""
    return _new(source, State.FAILED, now, failure=failure, submission=submission)


def _new(source: Source, state: State, now: float, *, attempt: int = 1, **fields: Any) -> Job:
    return Job(
        source=source, state=state, attempt=attempt, created_at=now, updated_at=now, **fields
    )


def take_over(
    job: Job, *, now: float, lease_seconds: float, options: JobOptions | None = None
) -> Job:
    """Return the job claimed with the next attempt, which fences the last one.

    An expired claim counts as a miss; a failed job starts from 0.
    Without `options` the job keeps its own.
    """
    missed = 0 if job.state is State.FAILED else job.misses + (job.state is State.CLAIMED)
    return move(
        job,
        State.CLAIMED,
        now,
        attempt=job.attempt + 1,
        lease_until=now + lease_seconds,
        misses=missed,
        **AFRESH,
        options=job.options if options is None else options,
    )


def launched(job: Job, *, now: float, task_arn: str) -> Job:
    """Return the claimed job with the task that will run it."""
    return move(job, State.LAUNCHED, now, lease_until=None, task_arn=task_arn)


def queued(job: Job, *, now: float) -> Job:
    """Return the claimed job as waiting in a work queue: LAUNCHED, without a task."""
    return move(
        job,
        State.LAUNCHED,
        now,
        lease_until=None,
        task_arn=None,
        waiting_since=job.waiting_since or now,
    )


def queued_again(job: Job, *, now: float, missed: bool) -> Job:
    """Return the queued job for which the work queue's message is sent again."""
    if not job.queued:
        raise IllegalTransitionError(f"job {job.job_id} is {job.state}: it is not queued")
    return move(job, State.LAUNCHED, now, misses=job.misses + missed)
