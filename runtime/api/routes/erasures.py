"""Erasures: certificates, legal holds, all jobs of an owner; and the log of a job's reads."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from runtime.api.access import Admin, Parts, Reader, own_job
from runtime.api.certificates import CertificateModel, begun_certificate, certificate_model
from runtime.api.identifiers import known_form
from runtime.api.identity import Caller
from runtime.api.job_view import job_model
from runtime.api.models import JobModel, Page, RequestBody
from runtime.api.problems import ProblemError, not_found
from runtime.api.reads import ReadModel
from runtime.api.services import Services
from runtime.core.erasure import certificate_text
from runtime.core.jobs import Job
from runtime.core.service_ports import ListPosition
from runtime.core.submission import MAX_OWNER_CHARACTERS

router = APIRouter(prefix="/v1", tags=["erasure"])

PAGE = 100
MAX_READS = 500


class HoldChange(RequestBody):
    """Why a job must not be erased."""

    reason: str = Field(min_length=1, max_length=500)


class OwnerErasure(RequestBody):
    """Whose jobs are to be erased; `access`: their API keys and webhooks too."""

    owner: str = Field(min_length=1, max_length=MAX_OWNER_CHARACTERS)
    access: bool = False


class OwnerErasureModel(BaseModel):
    """The jobs whose erasure has begun, and those under a legal hold, which stay."""

    erasing: list[str]
    on_hold: list[str]
    keys: int = Field(description="API keys that were revoked")
    webhooks: int = Field(description="Webhooks that were deleted, with their deliveries")


@router.get(
    "/jobs/{job_id}/erasure",
    responses={200: {"content": {"text/plain": {}}}},
    response_model=CertificateModel,
)
def read_certificate(
    services: Parts,
    caller: Reader,
    job_id: str,
    text: Annotated[bool, Query()] = False,  # noqa: FBT002 - a query parameter
) -> CertificateModel | Response:
    """Return the certificate of an erased job, or how far its erasure is; with `text=1` as text."""
    if not known_form(job_id):
        raise not_found("erasure")
    certificate = services.erasures.find(job_id)
    job = services.jobs.get(job_id)
    if certificate is None or not (caller.admin or certificate.belongs_to(caller.owner)):
        if job is not None and job.erasing and _may(caller, job):
            return begun_certificate(job)
        raise not_found("erasure")
    if text:
        return Response(certificate_text(certificate), media_type="text/plain")
    return certificate_model(certificate)


@router.put("/jobs/{job_id}/hold")
def hold_job(services: Parts, caller: Admin, job_id: str, wanted: HoldChange) -> JobModel:
    """Put a job that has ended under a legal hold: nothing of it is erased or replaced."""
    job = own_job(services, caller, job_id)
    return job_model(services.actions.hold(job, reason=wanted.reason, by=caller.owner))


@router.delete("/jobs/{job_id}/hold")
def release_job(services: Parts, caller: Admin, job_id: str) -> JobModel:
    """Lift a job's legal hold."""
    return job_model(services.actions.release(own_job(services, caller, job_id)))


@router.post("/erasures", status_code=202)
def erase_owner(services: Parts, caller: Admin, wanted: OwnerErasure) -> OwnerErasureModel:
    """Erase all jobs of an owner; those under a legal hold stay."""
    del caller
    erasing: list[str] = []
    held: list[str] = []
    position: ListPosition | None = None
    while True:
        page = services.listing.of_owner(wanted.owner, limit=PAGE, after=position)
        for job in page.jobs:
            (erasing if _begin(services, job) else held).append(job.job_id)
        position = page.next_position
        if position is None:
            break
    keys = services.api_keys.of_owner(wanted.owner) if wanted.access else []
    for key in keys:
        services.api_keys.revoke(wanted.owner, key.key_id)
    hooks = services.webhooks.of_owner(wanted.owner) if wanted.access else []
    for hook in hooks:
        services.webhooks.delete(wanted.owner, hook.webhook_id)
    return OwnerErasureModel(erasing=erasing, on_hold=held, keys=len(keys), webhooks=len(hooks))


@router.get("/jobs/{job_id}/reads")
def list_reads(
    services: Parts,
    caller: Reader,
    job_id: str,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_READS)] = 100,
) -> Page[ReadModel]:
    """Return who did what with a job through the API and the pages, the newest first."""
    own_job(services, caller, job_id)
    reads, following = services.reads.of_job(job_id, limit=limit, after=cursor)
    return Page(items=reads, next_cursor=following)


def _begin(services: Services, job: Job) -> bool:
    try:
        services.actions.erase(job)
    except ProblemError as error:
        if error.code != "job.on_hold":
            raise
        return False
    return True


def _may(caller: Caller, job: Job) -> bool:
    return caller.admin or job.submission.owner == caller.owner
