"""The job lifecycle: one transition table, pure functions from job to job.

Nothing here reads a clock or a table. A caller reads a job, asks for the next one, and saves it
through `JobStore.save(before, after)`, which is conditional on `before`'s state and attempt. The
attempt is the fencing token: a takeover raises it, which stops writes of the older attempt.
"""

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from runtime.core.contract import object_id
from runtime.core.options import DEFAULT_OPTIONS, JobOptions


class State(StrEnum):
    """Where a job is; see `TRANSITIONS`."""

    PENDING = "PENDING"
    CLAIMED = "CLAIMED"
    LAUNCHED = "LAUNCHED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


TRANSITIONS: dict[State, frozenset[State]] = {
    # PENDING -> PENDING: another message is sent for the job.
    State.PENDING: frozenset({State.PENDING, State.CLAIMED, State.FAILED, State.CANCELLED}),
    # CLAIMED -> CLAIMED is the takeover of an expired lease; CLAIMED -> RUNNING is a task that
    # starts before the dispatcher has written LAUNCHED.
    State.CLAIMED: frozenset(
        {
            State.CLAIMED,
            State.LAUNCHED,
            State.RUNNING,
            State.PENDING,
            State.FAILED,
            State.CANCELLED,
        }
    ),
    State.LAUNCHED: frozenset({State.RUNNING, State.PENDING, State.FAILED, State.CANCELLED}),
    State.RUNNING: frozenset(
        {State.RUNNING, State.PENDING, State.SUCCEEDED, State.FAILED, State.CANCELLED}
    ),
    # Only `retry` and `reprocess` requeue a job that has ended, see `ON_REQUEST`.
    State.SUCCEEDED: frozenset({State.PENDING}),
    # FAILED -> CLAIMED is the redriven message of a job that never ran.
    State.FAILED: frozenset({State.CLAIMED, State.PENDING}),
    State.CANCELLED: frozenset({State.PENDING}),
}

ENDED = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})

ON_REQUEST = frozenset((ended, State.PENDING) for ended in ENDED)
"""Transitions that only a person's request makes; no component takes them by itself."""


class IllegalTransitionError(ValueError):
    """A caller asked for a transition that the table does not allow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One version of one uploaded object; `etag` without quotes, `size_bytes` as S3 reports it."""

    bucket: str
    key: str
    etag: str
    size_bytes: int

    @property
    def object_id(self) -> str:
        """The key of the idempotency record."""
        return object_id(self.key, self.etag)

    @property
    def job_id(self) -> str:
        """The job's identity: 32 hex digits of SHA-256 over bucket, key and ETag.

        The S3 event, the API's confirmation and a redrive of one upload thus name the same job.
        """
        identity = f"{self.bucket}\0{self.key}\0{self.etag}"
        return hashlib.sha256(identity.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a job ended badly, for a person: stable code, what happened, what to do."""

    code: str
    summary: str
    resolution: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job as recorded. Times are seconds since the epoch; `progress` runs from 0 to 1.

    `attempt` is the fencing token: it counts claims and requests to run again. `runs` counts the
    attempts that reached a processor and is bounded by the environment. `reruns` counts requests to
    run an ended job again; each resets `runs` to 0. `misses` counts the consecutive attempts that
    ended before a processor reported: lost, refused, never started.
    """

    source: Source
    state: State
    attempt: int
    created_at: float
    updated_at: float
    lease_until: float | None = None
    runs: int = 0
    reruns: int = 0
    misses: int = 0
    task_arn: str | None = None
    started_at: float | None = None
    stage: str | None = None
    progress: float = 0.0
    result_key: str | None = None
    failure: Failure | None = None
    options: JobOptions = DEFAULT_OPTIONS

    @property
    def job_id(self) -> str:
        """The job's identity, derived from its source."""
        return self.source.job_id

    @property
    def ended(self) -> bool:
        """Whether only a person's request leaves the job's state."""
        return self.state in ENDED

    @property
    def ever_ran(self) -> bool:
        """Whether a processor has reported in any attempt since the last request."""
        return self.runs > 0

    @property
    def queued(self) -> bool:
        """Whether it waits in a work queue for a worker."""
        return self.state is State.LAUNCHED and self.task_arn is None


def claim_new(
    source: Source, *, now: float, lease_seconds: float, options: JobOptions = DEFAULT_OPTIONS
) -> Job:
    """Return the first claim on a source: CLAIMED, attempt 1."""
    return Job(
        source=source,
        state=State.CLAIMED,
        attempt=1,
        created_at=now,
        updated_at=now,
        lease_until=now + lease_seconds,
        options=options,
    )


def refused(source: Source, *, now: float, failure: Failure) -> Job:
    """Return the job of an upload whose options cannot be met: FAILED from the start."""
    return Job(
        source=source,
        state=State.FAILED,
        attempt=1,
        created_at=now,
        updated_at=now,
        failure=failure,
    )


def take_over(
    job: Job, *, now: float, lease_seconds: float, options: JobOptions | None = None
) -> Job:
    """Return the job claimed with the next attempt, which fences the last one.

    An expired claim counts as a miss; a failed job, whose message was redriven, starts from 0.
    Without `options` the job keeps its own.
    """
    missed = 0 if job.state is State.FAILED else job.misses + (job.state is State.CLAIMED)
    return _move(
        job,
        State.CLAIMED,
        now,
        attempt=job.attempt + 1,
        lease_until=now + lease_seconds,
        task_arn=None,
        stage=None,
        progress=0.0,
        failure=None,
        misses=missed,
        options=job.options if options is None else options,
    )


def requeue(job: Job, *, now: float, run_counts: bool = True) -> Job:
    """Return the job as PENDING, without an owner; its next message claims it.

    `run_counts=False` is for a running job whose machine goes away: the run is not counted.
    """
    if not run_counts and job.state is not State.RUNNING:
        raise IllegalTransitionError(f"job {job.job_id} is {job.state}: it has no run to discount")
    return _move(
        job,
        State.PENDING,
        now,
        lease_until=None,
        task_arn=None,
        stage=None,
        runs=job.runs - (not run_counts),
        misses=job.misses + (job.state is not State.RUNNING),
    )


def announced(job: Job, *, now: float) -> Job:
    """Return the pending job for which another message is sent; the last one counts as a miss."""
    if job.state is not State.PENDING:
        raise IllegalTransitionError(f"job {job.job_id} is {job.state}, not {State.PENDING}")
    return _move(job, State.PENDING, now, misses=job.misses + 1)


def launched(job: Job, *, now: float, task_arn: str) -> Job:
    """Return the claimed job with the task that will run it."""
    return _move(job, State.LAUNCHED, now, lease_until=None, task_arn=task_arn)


def queued(job: Job, *, now: float) -> Job:
    """Return the claimed job as waiting in a work queue: LAUNCHED, without a task."""
    return _move(job, State.LAUNCHED, now, lease_until=None, task_arn=None)


def start(job: Job, *, now: float, task_arn: str | None) -> Job:
    """Return the job as RUNNING; from now on its heartbeat replaces the lease."""
    return _move(
        job,
        State.RUNNING,
        now,
        lease_until=None,
        task_arn=task_arn or job.task_arn,
        started_at=now,
        runs=job.runs + 1,
        misses=0,
    )


def report(job: Job, *, now: float, stage: str, progress: float) -> Job:
    """Return the running job with its stage and overall progress (0 to 1); also its heartbeat."""
    return _move(job, State.RUNNING, now, stage=stage, progress=min(1.0, max(0.0, progress)))


def beat(job: Job, *, now: float) -> Job:
    """Return the running job with a new heartbeat and nothing else."""
    return _move(job, State.RUNNING, now)


def succeed(job: Job, *, now: float, result_key: str) -> Job:
    """Return the job as finished, with the key of its `summary.json`."""
    return _move(job, State.SUCCEEDED, now, progress=1.0, result_key=result_key, stage=None)


def fail(job: Job, *, now: float, failure: Failure) -> Job:
    """Return the job as failed, keeping the stage it failed in."""
    return _move(job, State.FAILED, now, failure=failure, lease_until=None)


def cancel(job: Job, *, now: float) -> Job:
    """Return the job as cancelled by a person."""
    return _move(job, State.CANCELLED, now, lease_until=None)


def retry(job: Job, *, now: float) -> Job:
    """Return a failed or cancelled job requeued on request, with a fresh budget of runs."""
    if job.state is State.SUCCEEDED:
        raise IllegalTransitionError(f"job {job.job_id} succeeded; only `reprocess` requeues it")
    return _run_again(job, now)


def reprocess(job: Job, *, now: float) -> Job:
    """Return a succeeded job requeued on request, with a fresh budget of runs.

    It keeps its `result_key`: the old results stay until another attempt publishes.
    """
    if job.state is not State.SUCCEEDED:
        raise IllegalTransitionError(
            f"job {job.job_id} is {job.state}; only a succeeded job is reprocessed"
        )
    return _run_again(job, now)


def _run_again(job: Job, now: float) -> Job:
    if not job.ended:
        raise IllegalTransitionError(f"job {job.job_id} is {job.state}: it has not ended")
    return _move(
        job,
        State.PENDING,
        now,
        on_request=True,
        attempt=job.attempt + 1,
        runs=0,
        reruns=job.reruns + 1,
        misses=0,
        task_arn=None,
        started_at=None,
        stage=None,
        progress=0.0,
        failure=None,
    )


def _move(job: Job, to: State, now: float, *, on_request: bool = False, **changes: Any) -> Job:
    reserved = (job.state, to) in ON_REQUEST and not on_request
    if to not in TRANSITIONS[job.state] or reserved:
        raise IllegalTransitionError(
            f"job {job.job_id} (attempt {job.attempt}) cannot go from {job.state} to {to}"
        )
    return replace(job, state=to, updated_at=now, **changes)
