"""Transitions of a run: start, heartbeat and the terminal writes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runtime.core.jobs.job import Failure, Job, move
from runtime.core.jobs.states import State

SETTLED_SECONDS = 600.0
"""A run that reports for so long proves that neither an outage nor the job stops its workers."""

SETTLED_COUNTS: Mapping[str, Any] = {"waits": 0, "waiting_since": None, "interruptions": 0}


def start(job: Job, *, now: float, task_arn: str | None) -> Job:
    """Return the job as RUNNING; from now on its heartbeat replaces the lease."""
    return move(
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
    return move(
        job,
        State.RUNNING,
        now,
        stage=stage,
        progress=min(1.0, max(0.0, progress)),
        **(SETTLED_COUNTS if settled else {}),
    )


def beat(job: Job, *, now: float) -> Job:
    """Return the running job with a new heartbeat and nothing else."""
    return move(job, State.RUNNING, now)


def suspect(job: Job, *, now: float) -> Job:
    """Return the running job marked as silent; its next heartbeat clears the mark."""
    return replace(move(job, State.RUNNING, now, suspected_at=now), updated_at=job.updated_at)


def publish(job: Job, *, now: float, result_key: str) -> Job:
    """Return the running job with the pointer at its own results, which readers see from now on."""
    return move(job, State.RUNNING, now, result_key=result_key, published_by=job.attempt)


def succeed(job: Job, *, now: float, result_key: str) -> Job:
    """Return the job as finished, with the key of its `summary.json`."""
    return move(
        job,
        State.SUCCEEDED,
        now,
        progress=1.0,
        result_key=result_key,
        stage=None,
        lease_until=None,
        not_before=None,
        waiting_for=None,
    )


def fail(job: Job, *, now: float, failure: Failure) -> Job:
    """Return the job as failed, keeping the stage it failed in.

    A job whose results are published has succeeded, whatever ended its last attempt.
    """
    if job.published_by is not None and job.result_key is not None:
        return succeed(job, now=now, result_key=job.result_key)
    return move(job, State.FAILED, now, failure=failure, lease_until=None)
