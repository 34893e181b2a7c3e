"""What processing cost, by day: sums of the `metrics.json` of results."""

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import BaseModel

from runtime.core.contract import ResultFile
from runtime.core.jobs import Job
from runtime.core.ports import ObjectNotFoundError, ObjectStore
from runtime.results.published import open_results

THREADS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCost:
    """One job's: `day` (UTC, ISO 8601) of its end, dollars or None where it ran outside of ECS."""

    day: str
    media_seconds: float
    cost_usd: float | None


class DayCostModel(BaseModel):
    """Jobs that succeeded on a day (UTC); those that ran outside of ECS are `unpriced`."""

    day: str
    jobs: int
    media_seconds: float
    cost_usd: float
    unpriced: int


def costs_of(jobs: Sequence[Job], objects: ObjectStore) -> list[JobCost]:
    """Return the costs of jobs that have results; those without metrics are left out."""
    with ThreadPoolExecutor(THREADS, thread_name_prefix="costs") as pool:
        found = pool.map(lambda job: _cost_of(job, objects), jobs)
        return [cost for cost in found if cost is not None]


def by_day(costs: Iterable[JobCost]) -> list[DayCostModel]:
    """Return the sums of each day, the newest first."""
    days: dict[str, list[JobCost]] = {}
    for cost in costs:
        days.setdefault(cost.day, []).append(cost)
    return [
        DayCostModel(
            day=day,
            jobs=len(found),
            media_seconds=round(sum(cost.media_seconds for cost in found), 3),
            cost_usd=round(sum(cost.cost_usd or 0.0 for cost in found), 6),
            unpriced=sum(cost.cost_usd is None for cost in found),
        )
        for day, found in sorted(days.items(), reverse=True)
    ]


def _cost_of(job: Job, objects: ObjectStore) -> JobCost | None:
    try:
        metrics = json.loads(open_results(job, objects).read(ResultFile.METRICS))
        cost = metrics.get("cost_usd")
        return JobCost(
            day=datetime.fromtimestamp(job.updated_at, UTC).date().isoformat(),
            media_seconds=float(metrics["media_seconds"]),
            cost_usd=None if cost is None else float(cost),
        )
    except (ObjectNotFoundError, AttributeError, KeyError, TypeError, ValueError):
        return None
