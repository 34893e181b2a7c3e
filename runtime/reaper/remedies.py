"""What a job's record says is wrong with it, and the remedy: pure decisions of the reaper."""

from collections.abc import Container
from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from runtime.core.contract import Compute, EnvVar
from runtime.core.jobs import Job, State
from runtime.reaper.diagnosis import Concern

UNANNOUNCED_SECONDS = 900.0
"""Longer than a message can be in flight: five receives two minutes apart, and a margin."""

START_SECONDS = 900.0
"""For Fargate to find capacity, pull a large image and load the models."""

QUEUED_SECONDS = 6 * 3600.0
"""After this long in a work queue that is not empty, a job's message is sent again, to be safe."""

MAX_WAIT_SECONDS = 7 * 24 * 3600.0
"""How long a job may wait for capacity, a worker or a service before it fails."""

SUSPICION_SECONDS = 60.0
"""How long a silent job is suspected before it counts as hung: two heartbeats."""

DEADLINE_MARGIN_SECONDS = 300.0
"""Beyond the time limit at which the processor ends itself, for one that cannot."""

MAX_MISSES = 10
"""Consecutive attempts that may end before a processor reports: twice a message's receives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a job may use.

    `silence_seconds` exceeds the time that any stage takes without progress. The last three bound
    how long a message may be in flight, a task may start, and a job may wait in a work queue.
    """

    max_runs: Annotated[int, EnvVar.MAX_ATTEMPTS]
    job_timeout_seconds: Annotated[float, EnvVar.JOB_TIMEOUT_SECONDS]
    silence_seconds: Annotated[float, EnvVar.HEARTBEAT_SILENCE_SECONDS]
    unannounced_seconds: Annotated[float, EnvVar.UNANNOUNCED_SECONDS] = UNANNOUNCED_SECONDS
    start_seconds: Annotated[float, EnvVar.TASK_START_SECONDS] = START_SECONDS
    queued_seconds: Annotated[float, EnvVar.QUEUED_SECONDS] = QUEUED_SECONDS
    max_wait_seconds: Annotated[float, EnvVar.MAX_WAIT_SECONDS] = MAX_WAIT_SECONDS
    suspicion_seconds: float = SUSPICION_SECONDS

    def spent(self, job: Job) -> bool:
        """Return whether the job may not be tried again."""
        return job.out_of_runs(self.max_runs) or job.misses >= MAX_MISSES


class Remedy(Enum):
    """What the reaper does about a concern."""

    RECORD_LAUNCH = "record the task that was found"
    SUSPECT = "mark the job as silent; its next heartbeat clears the mark"
    SEND_AGAIN = "send the work queue's message again"
    CONCLUDE = "requeue the job, or fail it when its budget is spent"
    STOP_AND_CONCLUDE = "stop its task, then conclude"


def concern(  # noqa: PLR0911 - a table
    job: Job, *, now: float, budget: Budget, empty_queues: Container[Compute] = ()
) -> Concern | None:
    """Return what may be wrong with the job, or None; `empty_queues` hold no message at all."""
    age = now - job.updated_at
    match job.state:
        case State.PENDING if _waited_too_long(job, now=now, budget=budget):
            return Concern.WAITED_TOO_LONG
        case State.PENDING if now - job.announce_after >= budget.unannounced_seconds:
            return Concern.UNANNOUNCED
        case State.CLAIMED if age >= budget.unannounced_seconds and now >= (job.lease_until or 0.0):
            return Concern.LEASE_OVER
        case State.LAUNCHED if not job.queued and age >= budget.start_seconds:
            return Concern.NOT_STARTED
        case State.LAUNCHED if job.queued and _waited_too_long(job, now=now, budget=budget):
            return Concern.WAITED_TOO_LONG
        case State.LAUNCHED if (
            job.queued and age >= budget.unannounced_seconds and job.options.compute in empty_queues
        ):
            return Concern.MESSAGE_GONE
        case State.LAUNCHED if job.queued and age >= budget.queued_seconds:
            return Concern.UNFETCHED
        case State.RUNNING if _overdue(job, now=now, budget=budget):
            return Concern.OVERDUE
        case State.RUNNING if age >= budget.silence_seconds:
            return Concern.SILENT
        case _:
            return None


def _waited_too_long(job: Job, *, now: float, budget: Budget) -> bool:
    return waited_seconds(job, now=now) >= budget.max_wait_seconds


def waited_seconds(job: Job, *, now: float) -> float:
    """Return how long the job has waited for capacity, a worker or a service; 0.0 if it does not.

    A running job that waited keeps the time until it has settled, but does not wait.
    """
    if job.waiting_since is None or job.state not in {State.PENDING, State.LAUNCHED}:
        return 0.0
    return now - job.waiting_since


def _overdue(job: Job, *, now: float, budget: Budget) -> bool:
    ran = now - (job.started_at or job.updated_at)
    return ran >= budget.job_timeout_seconds + DEADLINE_MARGIN_SECONDS


def is_suspected(job: Job, *, now: float, budget: Budget) -> bool:
    """Return whether the job has been suspected for long enough to count as hung."""
    return job.suspected_at is not None and now - job.suspected_at >= budget.suspicion_seconds


def remedy(problem: Concern, *, task_exists: bool, suspected: bool = True) -> Remedy:
    """Return what to do, given whether a task that was started for the job still exists.

    A silent job is suspected first: its heartbeat may carry the time of a clock that runs behind.
    """
    if problem in {Concern.MESSAGE_GONE, Concern.UNFETCHED}:
        return Remedy.SEND_AGAIN
    if problem is Concern.SILENT and not suspected:
        return Remedy.SUSPECT
    if not task_exists:
        return Remedy.CONCLUDE
    return Remedy.RECORD_LAUNCH if problem is Concern.LEASE_OVER else Remedy.STOP_AND_CONCLUDE
