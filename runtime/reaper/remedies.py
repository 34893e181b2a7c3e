"""What a job's record says is wrong with it, and the remedy: pure decisions of the reaper."""

from dataclasses import dataclass
from enum import Enum

from runtime.core.jobs import Job, State
from runtime.reaper.diagnosis import (
    CLAIM_LOST,
    HUNG,
    NEVER_DISPATCHED,
    NOT_STARTED,
    OVERDUE,
    UNFETCHED,
    Diagnosis,
)

UNANNOUNCED_SECONDS = 900.0
"""Longer than a message can be in flight: five receives two minutes apart, and a margin."""

START_SECONDS = 900.0
"""For Fargate to find capacity, pull a large image and load the models."""

QUEUED_SECONDS = 24 * 3600.0
"""How long a job may wait in a work queue for a worker."""

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

    max_runs: int
    job_timeout_seconds: float
    silence_seconds: float
    unannounced_seconds: float = UNANNOUNCED_SECONDS
    start_seconds: float = START_SECONDS
    queued_seconds: float = QUEUED_SECONDS

    def spent(self, job: Job) -> bool:
        """Return whether the job may not be tried again."""
        return job.runs >= self.max_runs or job.misses >= MAX_MISSES


class Concern(Enum):
    """What may be wrong with a job, each with its diagnosis."""

    UNANNOUNCED = NEVER_DISPATCHED
    LEASE_OVER = CLAIM_LOST
    NOT_STARTED = NOT_STARTED
    UNFETCHED = UNFETCHED
    SILENT = HUNG
    OVERDUE = OVERDUE

    @property
    def diagnosis(self) -> Diagnosis:
        """The diagnosis with which the job fails once its budget is spent."""
        return self.value


class Remedy(Enum):
    """What the reaper does about a concern."""

    RECORD_LAUNCH = "record the task that was found"
    CONCLUDE = "requeue the job, or fail it when its budget is spent"
    STOP_AND_CONCLUDE = "stop its task, then conclude"


def concern(job: Job, *, now: float, budget: Budget) -> Concern | None:  # noqa: PLR0911 - a table
    """Return what may be wrong with the job, or None."""
    age = now - job.updated_at
    match job.state:
        case State.PENDING if age >= budget.unannounced_seconds:
            return Concern.UNANNOUNCED
        case State.CLAIMED if age >= budget.unannounced_seconds and now >= (job.lease_until or 0.0):
            return Concern.LEASE_OVER
        case State.LAUNCHED if not job.queued and age >= budget.start_seconds:
            return Concern.NOT_STARTED
        case State.LAUNCHED if job.queued and age >= budget.queued_seconds:
            return Concern.UNFETCHED
        case State.RUNNING if _overdue(job, now=now, budget=budget):
            return Concern.OVERDUE
        case State.RUNNING if age >= budget.silence_seconds:
            return Concern.SILENT
        case _:
            return None


def _overdue(job: Job, *, now: float, budget: Budget) -> bool:
    ran = now - (job.started_at or job.updated_at)
    return ran >= budget.job_timeout_seconds + DEADLINE_MARGIN_SECONDS


def remedy(problem: Concern, *, task_exists: bool) -> Remedy:
    """Return what to do, given whether the job's task still exists."""
    if not task_exists:
        return Remedy.CONCLUDE
    return Remedy.RECORD_LAUNCH if problem is Concern.LEASE_OVER else Remedy.STOP_AND_CONCLUDE
