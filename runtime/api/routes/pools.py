"""Orchestration: what waits for which workers, and how many of them there may be."""

from itertools import islice

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from runtime.api.access import Admin, Parts
from runtime.api.pools import MAX_TASKS, queue_state
from runtime.api.problems import invalid, not_found
from runtime.api.services import Services
from runtime.core.contract import Compute
from runtime.core.errors import Permanent
from runtime.core.jobs import Job, State

router = APIRouter(prefix="/v1", tags=["orchestration"])

EXAMINED_JOBS = 500


class QueueModel(BaseModel):
    """A queue; `capacity` null: tasks start on demand. `why_waiting` is a code, as in jobs."""

    name: Compute
    waiting: int
    in_work: int
    oldest_seconds: float | None
    workers_running: int
    workers_desired: int
    capacity: int | None
    min_tasks: int | None
    paused: bool
    why_waiting: str | None
    dead_letters: int | None


class PoolChange(BaseModel):
    """What is to be changed; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    min_tasks: int | None = Field(default=None, ge=0, le=MAX_TASKS)
    max_tasks: int | None = Field(default=None, ge=0, le=MAX_TASKS)
    paused: bool | None = None


@router.get("/queues")
def queues(services: Parts, _caller: Admin) -> list[QueueModel]:
    """Return what waits for each kind of compute, and why."""
    return [_queue(services, kind) for kind in Compute if _exists(services, kind)]


@router.post("/pools/{kind}", status_code=202)
def change_pool(services: Parts, caller: Admin, kind: Compute, change: PoolChange) -> QueueModel:
    """Change the bounds of a pool of workers, pause or resume it."""
    state = services.pools.state(kind) if services.pools else None
    if services.pools is None or state is None:
        raise not_found("pool of workers")
    fewest = state.min_tasks if change.min_tasks is None else change.min_tasks
    most = state.max_tasks if change.max_tasks is None else change.max_tasks
    if fewest > most:
        raise invalid(
            "pool.bounds",
            f"At least {fewest} and at most {most} exclude each other.",
            "Correct it.",
        )
    services.pools.change(
        kind, min_tasks=change.min_tasks, max_tasks=change.max_tasks, paused=change.paused
    )
    services.log.info(
        "api.pool_changed",
        pool=kind,
        owner=caller.owner,
        min_tasks=change.min_tasks,
        max_tasks=change.max_tasks,
        paused=change.paused,
    )
    return _queue(services, kind)


def _exists(services: Services, kind: Compute) -> bool:
    return kind is Compute.CPU or kind in services.work_queues


def _queue(services: Services, kind: Compute) -> QueueModel:
    pool = services.pools.state(kind) if services.pools else None
    queue = services.work_queues.get(kind)
    waiting = [
        job
        for state in (State.PENDING, State.CLAIMED, State.LAUNCHED)
        for job in _jobs(services, state, kind)
        if job.task_arn is None
    ]
    found = queue_state(
        kind,
        backlog=queue.backlog() if queue else None,
        pool=pool,
        waiting=waiting,
        running=_jobs(services, State.RUNNING, kind),
        now=services.clock.now(),
    )
    letters = services.dead_letters if kind is Compute.CPU else None
    return QueueModel(
        name=found.name,
        waiting=found.waiting,
        in_work=found.in_work,
        oldest_seconds=found.oldest_seconds,
        workers_running=found.workers_running,
        workers_desired=found.workers_desired,
        capacity=found.capacity,
        min_tasks=pool.min_tasks if pool else None,
        paused=pool.paused if pool else False,
        why_waiting=found.why_waiting,
        dead_letters=None if letters is None else letters.count(),
    )


def _jobs(services: Services, state: State, kind: Compute) -> list[Job]:
    def unreadable(error: Permanent) -> None:
        services.log.warning("api.unreadable", code=error.code, error=error.summary)

    found = islice(services.jobs.in_state(state, on_unreadable=unreadable), EXAMINED_JOBS)
    return [job for job in found if job.options.compute is kind]
