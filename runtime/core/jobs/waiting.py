"""Transitions that give a job back to the queue, and the pauses between attempts."""

import hashlib
from collections.abc import Mapping
from typing import Any

from runtime.core.jobs.job import Job, move
from runtime.core.jobs.states import IllegalTransitionError, State

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 15.0, 300.0
"""Between attempts of a job that waits; SQS delays a message by at most 900 s."""

CAPACITY = "launch.capacity"
"""What a job waits for while the account or AWS admits no further task."""

FREE_INTERRUPTIONS = 2
"""Interruptions in a row after which the next attempt still starts at once."""

MAX_INTERRUPTIONS = 30
"""Interruptions in a row, each within `SETTLED_SECONDS`, after which the job fails."""

SCAN = "scan.pending"
"""What a job waits for while GuardDuty has not scanned its upload."""

_UNOWNED: Mapping[str, Any] = {"lease_until": None, "task_arn": None, "stage": None}


def requeue(job: Job, *, now: float, run_counts: bool = True) -> Job:
    """Return the job as PENDING, without an owner; its next message claims it.

    `run_counts=False` is for a running job whose machine goes away: the run is not counted, but
    from the third such interruption in a row on, the next attempt waits.
    """
    if not run_counts and job.state is not State.RUNNING:
        raise IllegalTransitionError(f"job {job.job_id} is {job.state}: it has no run to discount")
    interruptions = job.interruptions + (not run_counts)
    pause = backoff_seconds(interruptions - FREE_INTERRUPTIONS, job) if not run_counts else 0.0
    return move(
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
    return move(
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


def hasten(job: Job, *, now: float) -> Job:
    """Return the pending job without its pause: it may be claimed at once."""
    return move(job, State.PENDING, now, not_before=None)


def announced(job: Job, *, now: float, missed: bool = True) -> Job:
    """Return the pending job for which a message is sent; a lost one before it counts as a miss."""
    if job.state is not State.PENDING:
        raise IllegalTransitionError(f"job {job.job_id} is {job.state}, not {State.PENDING}")
    return move(job, State.PENDING, now, misses=job.misses + missed)
