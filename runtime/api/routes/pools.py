"""Orchestration: what waits for which workers, and how many of them there may be."""

from itertools import islice

from fastapi import APIRouter
from pydantic import Field

from runtime.api.access import Admin, Parts
from runtime.api.models import RequestBody
from runtime.api.pools import MAX_TASKS, QueueModel, queue_state
from runtime.api.problems import invalid, not_found
from runtime.api.services import Services
from runtime.core.contract import Compute
from runtime.core.jobs import Job, State

router = APIRouter(prefix="/v1", tags=["orchestration"])

EXAMINED_JOBS = 500


class PoolChange(RequestBody):
    """What is to be changed; what is left out stays."""

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
    letters = services.dead_letters if kind is Compute.CPU else None
    return queue_state(
        kind,
        backlog=queue.backlog() if queue else None,
        pool=pool,
        waiting=waiting,
        running=_jobs(services, State.RUNNING, kind),
        now=services.clock.now(),
        dead_letters=None if letters is None else letters.count(),
    )


def _jobs(services: Services, state: State, kind: Compute) -> list[Job]:
    listed = services.jobs.in_state(state, on_unreadable=services.unreadable)
    found = islice(listed, EXAMINED_JOBS)
    return [job for job in found if job.options.compute is kind]
