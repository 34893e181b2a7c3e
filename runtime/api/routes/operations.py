"""What operators see of all owners' jobs: failures with their reasons, costs by day."""

from collections.abc import Iterable
from itertools import islice, takewhile
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from runtime.api.access import Admin, Parts
from runtime.api.costs import DayCostModel, by_day, costs_of
from runtime.api.job_view import job_model
from runtime.api.models import JobModel
from runtime.api.services import Services
from runtime.core.jobs import Job, State

router = APIRouter(prefix="/v1", tags=["orchestration"])

MAX_FAILURES = 100
MAX_PRICED_JOBS = 500
MAX_DAYS = 92
DAY_SECONDS = 86_400.0


class CostsModel(BaseModel):
    """Costs by day, the newest first; `complete` is false where more jobs ended than are read."""

    days: list[DayCostModel]
    complete: bool


@router.get("/failures")
def failures(
    services: Parts,
    _caller: Admin,
    limit: Annotated[int, Query(ge=1, le=MAX_FAILURES)] = 20,
) -> list[JobModel]:
    """Return the jobs of all owners that failed last."""
    return [job_model(job) for job in islice(_newest(services, State.FAILED), limit)]


@router.get("/costs")
def costs(
    services: Parts,
    _caller: Admin,
    days: Annotated[int, Query(ge=1, le=MAX_DAYS)] = 14,
) -> CostsModel:
    """Return what the recordings of the last days cost, at list prices, at most 500 of them."""
    since = services.clock.now() - days * DAY_SECONDS
    ended = takewhile(lambda job: job.updated_at >= since, _newest(services, State.SUCCEEDED))
    found = list(islice(ended, MAX_PRICED_JOBS + 1))
    return CostsModel(
        days=by_day(costs_of(found[:MAX_PRICED_JOBS], services.objects)),
        complete=len(found) <= MAX_PRICED_JOBS,
    )


def _newest(services: Services, state: State) -> Iterable[Job]:
    return services.jobs.in_state(state, newest_first=True, on_unreadable=services.unreadable)
