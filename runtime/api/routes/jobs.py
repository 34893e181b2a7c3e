"""Jobs: list, read, follow."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from runtime.api.access import Parts, Reader, own_job, require
from runtime.api.cursors import cursor_of, position_of
from runtime.api.identity import Scope
from runtime.api.job_view import job_model
from runtime.api.models import JobModel, Page
from runtime.core.jobs import State
from runtime.core.service_ports import JobFilter

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

MAX_LIMIT = 100


@router.get("")
def list_jobs(  # noqa: PLR0917 - query parameters
    services: Parts,
    caller: Reader,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 50,
    state: Annotated[list[State] | None, Query()] = None,
    text: Annotated[str, Query(max_length=200)] = "",
    since: Annotated[float | None, Query(ge=0, le=1e11, allow_inf_nan=False)] = None,
    until: Annotated[float | None, Query(ge=0, le=1e11, allow_inf_nan=False)] = None,
    order: Literal["newest", "oldest"] = "newest",
    owner: Annotated[str | None, Query(max_length=256, min_length=1)] = None,
) -> Page[JobModel]:
    """Return a page of the caller's jobs; an admin may name another `owner`."""
    if owner is not None and owner != caller.owner:
        require(caller, Scope.ADMIN)
    page = services.listing.of_owner(
        owner or caller.owner,
        limit=limit,
        matching=JobFilter(
            states=frozenset(state or ()),
            text=text,
            since=since,
            until=until,
            oldest_first=order == "oldest",
        ),
        after=position_of(cursor),
    )
    return Page(
        items=[job_model(job) for job in page.jobs], next_cursor=cursor_of(page.next_position)
    )


@router.get("/{job_id}")
def read_job(services: Parts, caller: Reader, job_id: str) -> JobModel:
    """Return one job."""
    return job_model(own_job(services, caller, job_id))
