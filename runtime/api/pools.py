"""Queues and the workers that serve them: what waits, why, and how many workers there may be."""

from collections import Counter
from collections.abc import Sequence

from pydantic import BaseModel

from runtime.core.contract import Compute
from runtime.core.jobs import Job
from runtime.core.ports import Backlog
from runtime.core.service_ports import PoolState

PAUSED, FULL, STARTING = "pool.paused", "pool.full", "pool.starting"
MAX_TASKS = 100


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


def queue_state(
    kind: Compute,
    *,
    backlog: Backlog | None,
    pool: PoolState | None,
    waiting: Sequence[Job],
    running: Sequence[Job],
    now: float,
    dead_letters: int | None = None,
) -> QueueModel:
    """Return the state of a queue; without a queue of its own, its jobs are what waits.

    `waiting` and `running` are jobs of this kind; capacity is None where tasks start on demand.
    """
    since = min((job.waiting_since or job.updated_at for job in waiting), default=None)
    count = len(waiting) if backlog is None else backlog.waiting + backlog.delayed
    return QueueModel(
        name=kind,
        waiting=count,
        in_work=len(running) if backlog is None else backlog.in_work,
        oldest_seconds=None if since is None else max(0.0, now - since),
        workers_running=pool.running if pool else 0,
        workers_desired=pool.desired if pool else 0,
        capacity=pool.max_tasks if pool else None,
        min_tasks=pool.min_tasks if pool else None,
        paused=pool.paused if pool else False,
        why_waiting=_why(count, pool, waiting),
        dead_letters=dead_letters,
    )


def _why(count: int, pool: PoolState | None, waiting: Sequence[Job]) -> str | None:
    reasons = Counter(job.waiting_for for job in waiting if job.waiting_for)
    if reasons:
        return reasons.most_common(1)[0][0]
    if not count or pool is None:
        return None
    if pool.paused:
        return PAUSED
    return FULL if pool.running >= pool.max_tasks else STARTING
