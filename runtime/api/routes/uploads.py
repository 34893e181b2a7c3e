"""Uploads: begin, send to signed URLs, resume, confirm."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, Field, StrictInt

from runtime.api.access import Parts, Writer
from runtime.api.job_view import job_model
from runtime.api.models import JobModel, OptionValue, RequestBody
from runtime.api.routing import IdempotentRoute
from runtime.api.services import Services
from runtime.api.uploads import KEPT_SECONDS, MAX_PARTS, PARTS_PER_ANSWER, Upload

router = APIRouter(prefix="/v1/uploads", tags=["uploads"], route_class=IdempotentRoute)


class NewUpload(RequestBody):
    """A file to be uploaded; `options` as in GET /v1/options."""

    name: str = Field(min_length=1, max_length=1000)
    size_bytes: int = Field(ge=1, le=1 << 46)
    content_type: str | None = Field(default=None, max_length=200)
    options: dict[str, OptionValue] = Field(default_factory=dict, max_length=50)


class PartRequest(BaseModel):
    """The signed PUT of one part, to be sent with exactly these headers."""

    number: int
    url: str
    headers: dict[str, str]


class PresentPart(BaseModel):
    """A part that arrived."""

    number: int
    size_bytes: int
    etag: str


class UploadModel(BaseModel):
    """An upload; `url` is of a single PUT, `parts` are the first ones of a multipart upload."""

    upload_id: str
    method: Literal["single", "multipart"]
    size_bytes: int
    url: str | None
    headers: dict[str, str]
    part_size: int | None
    part_count: int
    parts: list[PartRequest]
    parts_present: list[PresentPart]
    job_id: str | None
    expires_at: float
    max_bytes: int


class PartNumbers(BaseModel):
    """The parts whose signed PUTs are asked for."""

    numbers: list[Annotated[StrictInt, Field(ge=1, le=MAX_PARTS)]] = Field(
        min_length=1, max_length=PARTS_PER_ANSWER
    )


class PartRequests(BaseModel):
    """Signed PUTs of parts."""

    parts: list[PartRequest]


class ConfirmedPart(BaseModel):
    """A part as the client sent it; S3's own list decides."""

    number: StrictInt
    etag: str


class Confirmation(BaseModel):
    """May be empty."""

    parts: list[ConfirmedPart] | None = Field(default=None, max_length=MAX_PARTS)


class Accepted(BaseModel):
    """The job of a confirmed upload."""

    job: JobModel


@router.post("", status_code=201)
def begin(services: Parts, caller: Writer, new: NewUpload) -> UploadModel:
    """Begin an upload; send the file to the signed URLs, then confirm."""
    upload = services.uploads.begin(
        caller,
        name=new.name,
        size_bytes=new.size_bytes,
        content_type=new.content_type,
        options=new.options,
    )
    return _model(services, upload, first_parts=True)


@router.get("/{upload_id}")
def read(services: Parts, caller: Writer, upload_id: str) -> UploadModel:
    """Return an upload with the parts that arrived, for one that is resumed."""
    return _model(services, services.uploads.find(caller, upload_id), first_parts=False)


@router.post("/{upload_id}/parts")
def sign_parts(
    services: Parts, caller: Writer, upload_id: str, wanted: PartNumbers
) -> PartRequests:
    """Return signed PUTs of some parts."""
    upload = services.uploads.find(caller, upload_id)
    return PartRequests(parts=_parts(services, upload, wanted.numbers))


@router.post("/{upload_id}/confirm", status_code=202)
def confirm(
    services: Parts,
    caller: Writer,
    upload_id: str,
    confirmation: Annotated[Confirmation | None, Body()] = None,
) -> Accepted:
    """Finish an upload and return its job; may be repeated."""
    del confirmation  # S3's list of the parts decides.
    return Accepted(job=job_model(services.uploads.confirm(caller, upload_id)))


@router.delete("/{upload_id}", status_code=204, response_class=Response)
def discard(services: Parts, caller: Writer, upload_id: str) -> None:
    """Give up an upload that was not confirmed."""
    services.uploads.discard(caller, upload_id)


def _model(services: Services, upload: Upload, *, first_parts: bool) -> UploadModel:
    single = services.uploads.put_request(upload)
    numbers = range(1, min(upload.part_count, PARTS_PER_ANSWER) + 1) if first_parts else ()
    present = services.uploads.parts_present(upload)
    return UploadModel(
        upload_id=upload.upload_id,
        method="single" if upload.part_size is None else "multipart",
        size_bytes=upload.size_bytes,
        url=single.url if single else None,
        headers=dict(single.headers) if single else {},
        part_size=upload.part_size,
        part_count=upload.part_count,
        parts=_parts(services, upload, list(numbers)) if numbers else [],
        parts_present=[PresentPart(**asdict(part)) for part in present],
        job_id=upload.job_id,
        expires_at=upload.created_at + KEPT_SECONDS,
        max_bytes=services.uploads.max_bytes,
    )


def _parts(services: Services, upload: Upload, numbers: list[Any]) -> list[PartRequest]:
    return [
        PartRequest(number=number, url=request.url, headers=dict(request.headers))
        for number, request in services.uploads.part_requests(upload, numbers)
    ]
