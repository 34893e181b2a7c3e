"""Judges what the scheduler did with tasks, beside what the records say about their jobs."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from chaos.ledger import Breach
from chaos.oracle.histories import Finding
from runtime.core.jobs import Job, State

STOP_RESOLUTION_SECONDS = 1.0
"""The local cloud's ECS reports times in whole seconds, cut off."""

BY_SCHEDULER = "ServiceSchedulerInitiated"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRecord:
    """A task as ECS describes it. Times are seconds since the epoch, None for what has not been."""

    arn: str
    started_by: str
    stopping_at: float | None = None
    stop_code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """A time in which a job's record said that a task works on it."""

    job_id: str
    task_arn: str
    start: float
    end: float


def task_record(described: Mapping[str, Any]) -> TaskRecord:
    """Return the record of a task from DescribeTasks."""
    stopping = described.get("stoppingAt")
    return TaskRecord(
        arn=described["taskArn"],
        started_by=str(described.get("startedBy", "")),
        stopping_at=None if stopping is None else stopping.timestamp(),
        stop_code=str(described.get("stopCode", "")),
        reason=str(described.get("stoppedReason", "")),
    )


def work_of(records: Sequence[Job]) -> Iterator[Work]:
    """Yield when which tasks worked on a job, from the versions of its record."""
    runs = groupby(records, key=lambda job: job.attempt if job.state is State.RUNNING else None)
    spans = [(attempt, list(jobs)) for attempt, jobs in runs]
    ends = [*(jobs[0].updated_at for _, jobs in spans[1:]), float("inf")]
    for (attempt, jobs), end in zip(spans, ends, strict=True):
        first = next((job for job in jobs if job.task_arn is not None), None)
        if attempt is not None and first is not None:
            yield Work(first.job_id, first.task_arn or "", first.updated_at, end)


def killed_at_work(tasks: Iterable[TaskRecord], work: Iterable[Work]) -> Iterator[Work]:
    """Yield the work that the service's scheduler cut into: its task was to stop meanwhile.

    Independent of what the worker logged, so that one killed without a line counts too. A stop that
    may have come after the end, by the resolution of its time, is left to the worker's log.
    """
    stops = {
        task.arn: task.stopping_at
        for task in tasks
        if task.stop_code == BY_SCHEDULER and task.stopping_at is not None
    }
    for each in work:
        stop = stops.get(each.task_arn)
        if stop is not None and each.start < stop <= each.end - STOP_RESOLUTION_SECONDS:
            yield each


def judge_tasks(job_id: str, tasks: Iterable[TaskRecord]) -> Iterator[Finding]:
    """Yield the attempts of a job for which ECS ran more than one task."""
    attempts = (t.started_by for t in tasks if t.started_by.startswith(f"{job_id}-"))
    for started_by, times in Counter(attempts).items():
        if times > 1:
            attempt = started_by.rpartition("-")[2]
            yield Finding(Breach.RULE, f"ECS ran {times} tasks for attempt {attempt}")
