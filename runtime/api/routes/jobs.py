"""Jobs: list, read, change."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from runtime.api.access import Parts, Reader, Writer, own_job, require
from runtime.api.certificates import CertificateModel, begun_certificate
from runtime.api.cursors import cursor_of, position_of
from runtime.api.identity import Scope
from runtime.api.job_view import job_model
from runtime.api.models import JobModel, OptionValue, Page, RequestBody
from runtime.api.routing import IdempotentRoute, answer
from runtime.api.services import Services
from runtime.api.upload_options import given_options
from runtime.core.jobs import Job, State
from runtime.core.service_ports import JobFilter
from runtime.core.submission import MAX_TITLE_CHARACTERS

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], route_class=IdempotentRoute)

MAX_LIMIT = 100


class Reprocessing(RequestBody):
    """Options of the new run; without any, the job keeps its own."""

    options: dict[str, OptionValue] | None = Field(default=None, max_length=50)


class JobChange(RequestBody):
    """What of a job may be changed."""

    title: str | None = Field(max_length=MAX_TITLE_CHARACTERS)


@router.get("", response_model=Page[JobModel])
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
) -> Response:
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
    return answer(
        Page[JobModel](
            items=[
                job_model(job, facts)
                for job, facts in zip(page.jobs, services.facts.of_all(page.jobs), strict=True)
            ],
            next_cursor=cursor_of(page.next_position),
        )
    )


@router.get("/{job_id}", response_model=JobModel)
def read_job(services: Parts, caller: Reader, job_id: str) -> Response:
    """Return one job."""
    return answer(_model(services, own_job(services, caller, job_id)))


@router.patch("/{job_id}")
def change_job(services: Parts, caller: Writer, job_id: str, change: JobChange) -> JobModel:
    """Give a job that has ended another title."""
    title = (change.title or "").strip() or None
    return _model(services, services.actions.rename(own_job(services, caller, job_id), title))


@router.delete("/{job_id}", status_code=202)
def erase_job(services: Parts, caller: Writer, job_id: str) -> CertificateModel:
    """Erase a job in any state with all that derives from it, in every version.

    It is gone for every reader at once; `GET /v1/jobs/{id}/erasure` is the certificate.
    """
    job = services.actions.erase(own_job(services, caller, job_id))
    return begun_certificate(job)


@router.post("/{job_id}/cancel", status_code=202)
def cancel_job(services: Parts, caller: Writer, job_id: str) -> JobModel:
    """Cancel a job that has not ended."""
    return _model(services, services.actions.cancel(own_job(services, caller, job_id)))


@router.post("/{job_id}/retry", status_code=202)
def retry_job(services: Parts, caller: Writer, job_id: str) -> JobModel:
    """Run a failed or cancelled job again, or a waiting one at once."""
    return _model(services, services.actions.retry(own_job(services, caller, job_id)))


@router.post("/{job_id}/reprocess", status_code=202)
def reprocess_job(
    services: Parts, caller: Writer, job_id: str, wanted: Reprocessing | None = None
) -> JobModel:
    """Run a job that has ended again, with other options if given."""
    job = own_job(services, caller, job_id)
    given = wanted.options if wanted else None
    options = None if given is None else given_options(given)
    return _model(services, services.actions.reprocess(job, options))


def _model(services: Services, job: Job) -> JobModel:
    return job_model(job, services.facts.of(job))
