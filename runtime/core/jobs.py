"""The job lifecycle: one transition table, pure functions from job to job.

Nothing here reads a clock or a table. A caller reads a job, asks for the next one, and saves it
through `JobStore.save(before, after)`, which is conditional on `before`'s state and attempt. The
attempt is the fencing token: a takeover raises it, which stops writes of the older attempt.
"""

import hashlib
from collections.abc import Mapping
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
    # LAUNCHED -> LAUNCHED: the work queue's message is sent again.
    State.LAUNCHED: frozenset(
        {State.LAUNCHED, State.RUNNING, State.PENDING, State.FAILED, State.CANCELLED}
    ),
    State.RUNNING: frozenset(
        {State.RUNNING, State.PENDING, State.SUCCEEDED, State.FAILED, State.CANCELLED}
    ),
    # Only `retry` and `reprocess` requeue a job that has ended, see `ON_REQUEST`.
    State.SUCCEEDED: frozenset({State.PENDING}),
    # FAILED -> CLAIMED: the same bytes were uploaded again after a failure before any run.
    State.FAILED: frozenset({State.CLAIMED, State.PENDING}),
    State.CANCELLED: frozenset({State.PENDING}),
}

ENDED = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})

ON_REQUEST = frozenset((ended, State.PENDING) for ended in ENDED)
"""Transitions that only a person's request makes; no component takes them by itself."""


FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 15.0, 300.0
"""Between attempts of a job that waits; SQS delays a message by at most 900 s."""

FREE_INTERRUPTIONS = 2
"""Interruptions in a row after which the next attempt still starts at once."""

MAX_INTERRUPTIONS = 30
"""Interruptions in a row, each within `SETTLED_SECONDS`, after which the job fails."""

SETTLED_SECONDS = 600.0
"""A run that reports for so long proves that neither an outage nor the job stops its workers."""

_UNOWNED: Mapping[str, Any] = {"lease_until": None, "task_arn": None, "stage": None}
_SETTLED: Mapping[str, Any] = {"waits": 0, "waiting_since": None, "interruptions": 0}


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

    Waiting is counted apart, because it is no failure. `not_before` is the earliest next claim,
    `waiting_for` the code of what the job waits for, `waits` the consecutive waits since
    `waiting_since`. `interruptions` counts the consecutive runs that were cut short from outside.
    `first_started_at` is when a processor first had the job since the last request, and
    `suspected_at` when the reaper found its heartbeat overdue.
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
    not_before: float | None = None
    waiting_for: str | None = None
    waits: int = 0
    waiting_since: float | None = None
    interruptions: int = 0
    first_started_at: float | None = None
    suspected_at: float | None = None

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
        return self.runs > 0 or self.first_started_at is not None

    @property
    def announce_after(self) -> float:
        """The earliest time at which a message for the pending job is of use."""
        return max(self.updated_at, self.not_before or 0.0)

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

    An expired claim counts as a miss; a failed job starts from 0.
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
        not_before=None,
        waiting_for=None,
        options=job.options if options is None else options,
    )


def requeue(job: Job, *, now: float, run_counts: bool = True) -> Job:
    """Return the job as PENDING, without an owner; its next message claims it.

    `run_counts=False` is for a running job whose machine goes away: the run is not counted, but
    from the third such interruption in a row on, the next attempt waits.
    """
    if not run_counts and job.state is not State.RUNNING:
        raise IllegalTransitionError(f"job {job.job_id} is {job.state}: it has no run to discount")
    interruptions = job.interruptions + (not run_counts)
    pause = backoff_seconds(interruptions - FREE_INTERRUPTIONS, job) if not run_counts else 0.0
    return _move(
        job,
        State.PENDING,
        now,
        **_UNOWNED,
        runs=job.runs - (not run_counts),
        misses=job.misses + (job.state is not State.RUNNING),
        interruptions=interruptions,
        not_before=now + pause if pause else None,
    )


def wait(job: Job, *, now: float, waiting_for: str) -> Job:
    """Return the claimed or running job as PENDING until capacity or a service is back.

    Neither a run nor a miss counts. The pause grows with each wait in a row.
    """
    if job.state not in {State.CLAIMED, State.RUNNING}:
        raise IllegalTransitionError(f"job {job.job_id} is {job.state}: it does not wait")
    waits = job.waits + 1
    return _move(
        job,
        State.PENDING,
        now,
        **_UNOWNED,
        runs=job.runs - (job.state is State.RUNNING),
        waits=waits,
        waiting_since=job.waiting_since or now,
        waiting_for=waiting_for,
        not_before=now + backoff_seconds(waits, job),
    )


def backoff_seconds(times: int, job: Job) -> float:
    """Return the pause before the next attempt after `times` waits in a row, 0.0 for none.

    Doubles from `FIRST_PAUSE_SECONDS` to `LONGEST_PAUSE_SECONDS`. Up to half of it is jitter,
    derived from the job and its attempt, so that jobs that wait together do not retry together.
    """
    if times < 1:
        return 0.0
    pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(times - 1, 16))
    digest = hashlib.sha256(f"{job.job_id}/{job.attempt}".encode()).digest()
    return pause * (1 - digest[0] / 512)


def queued_again(job: Job, *, now: float, missed: bool) -> Job:
    """Return the queued job for which the work queue's message is sent again."""
    if not job.queued:
        raise IllegalTransitionError(f"job {job.job_id} is {job.state}: it is not queued")
    return _move(job, State.LAUNCHED, now, misses=job.misses + missed)


def suspect(job: Job, *, now: float) -> Job:
    """Return the running job marked as silent; its next heartbeat clears the mark."""
    return replace(_move(job, State.RUNNING, now, suspected_at=now), updated_at=job.updated_at)


def announced(job: Job, *, now: float, missed: bool = True) -> Job:
    """Return the pending job for which a message is sent; a lost one before it counts as a miss."""
    if job.state is not State.PENDING:
        raise IllegalTransitionError(f"job {job.job_id} is {job.state}, not {State.PENDING}")
    return _move(job, State.PENDING, now, misses=job.misses + missed)


def hasten(job: Job, *, now: float) -> Job:
    """Return the pending job without its pause: it may be claimed at once."""
    return _move(job, State.PENDING, now, not_before=None)


def launched(job: Job, *, now: float, task_arn: str) -> Job:
    """Return the claimed job with the task that will run it."""
    return _move(job, State.LAUNCHED, now, lease_until=None, task_arn=task_arn)


def queued(job: Job, *, now: float) -> Job:
    """Return the claimed job as waiting in a work queue: LAUNCHED, without a task."""
    return _move(
        job,
        State.LAUNCHED,
        now,
        lease_until=None,
        task_arn=None,
        waiting_since=job.waiting_since or now,
    )


def start(job: Job, *, now: float, task_arn: str | None) -> Job:
    """Return the job as RUNNING; from now on its heartbeat replaces the lease."""
    return _move(
        job,
        State.RUNNING,
        now,
        lease_until=None,
        task_arn=task_arn or job.task_arn,
        started_at=now,
        first_started_at=job.first_started_at or now,
        suspected_at=None,
        runs=job.runs + 1,
        misses=0,
    )


def report(job: Job, *, now: float, stage: str, progress: float) -> Job:
    """Return the running job with its stage and overall progress (0 to 1); also its heartbeat.

    A run that reports for `SETTLED_SECONDS` ends the count of waits and interruptions in a row.
    """
    started_at = now if job.started_at is None else job.started_at
    settled = now - started_at >= SETTLED_SECONDS
    return _move(
        job,
        State.RUNNING,
        now,
        stage=stage,
        progress=min(1.0, max(0.0, progress)),
        **(_SETTLED if settled else {}),
    )


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
        first_started_at=None,
        suspected_at=None,
        stage=None,
        progress=0.0,
        failure=None,
        not_before=None,
        waiting_for=None,
        **_SETTLED,
    )


def _move(job: Job, to: State, now: float, *, on_request: bool = False, **changes: Any) -> Job:
    reserved = (job.state, to) in ON_REQUEST and not on_request
    if to not in TRANSITIONS[job.state] or reserved:
        raise IllegalTransitionError(
            f"job {job.job_id} (attempt {job.attempt}) cannot go from {job.state} to {to}"
        )
    return replace(job, state=to, updated_at=now, **changes)
