"""What is wrong with a job by its record alone, and what helps: pure decisions of the reaper."""

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
"""Longer than a message can still be on its way: five receives, two minutes apart, and some."""

START_SECONDS = 900.0
"""For Fargate to find capacity, pull an image of gigabytes and load the models."""

QUEUED_SECONDS = 24 * 3600.0
"""What a job may wait in a work queue for a worker: a backlog is no fault, a day of it is."""

DEADLINE_MARGIN_SECONDS = 300.0
"""The processor ends itself at its time limit; this is for one that cannot."""

MAX_MISSES = 10
"""Attempts in a row that may end before a processor reports: twice what one message is good for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a job may use: runs that reached a processor, seconds of one run, seconds of silence.

    `silence_seconds` is longer than any stage is without progress; a processor reports each second
    it makes some. `unannounced_seconds`, `start_seconds` and `queued_seconds` are how long a
    message may be on its way, a task in starting, and a job in a work queue.
    """

    max_runs: int
    job_timeout_seconds: float
    silence_seconds: float
    unannounced_seconds: float = UNANNOUNCED_SECONDS
    start_seconds: float = START_SECONDS
    queued_seconds: float = QUEUED_SECONDS

    def spent(self, job: Job) -> bool:
        """Tell whether the job may not be tried again."""
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
        """What a person is told when nothing more can be done."""
        return self.value


class Remedy(Enum):
    """What helps."""

    RECORD_LAUNCH = "record the task that was found"
    CONCLUDE = "have it run again, or fail it when its budget is spent"
    STOP_AND_CONCLUDE = "stop its task first"


def concern(job: Job, *, now: float, budget: Budget) -> Concern | None:  # noqa: PLR0911 - a table
    """Return what may be wrong with the job, or None while it is on its way."""
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


def remedy(problem: Concern, *, task_there: bool) -> Remedy:
    """Return what helps, given whether the job's task is still there."""
    if not task_there:
        return Remedy.CONCLUDE
    return Remedy.RECORD_LAUNCH if problem is Concern.LEASE_OVER else Remedy.STOP_AND_CONCLUDE
