"""Results of a job: its manifest, each file by a short-lived URL, the recording itself."""

import hashlib
import mimetypes
from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from runtime.api.access import Parts, Reader, own_job
from runtime.api.partial_transcript import PartialModel, partial_transcript
from runtime.api.problems import not_found
from runtime.api.result_files import PublishedFile, published_files
from runtime.api.services import Services
from runtime.core.contract import ResultFile
from runtime.core.jobs import Job
from runtime.core.ports import ObjectNotFoundError
from runtime.corrections.revisions import revision_of
from runtime.results.content_types import content_type

router = APIRouter(prefix="/v1/jobs/{job_id}", tags=["results"])

URL_SECONDS = 900
INLINE_BYTES = 8 << 20
"""The largest file that goes through the API instead of from S3."""

INLINE_TYPES = ("application/json", "text/", "application/x-subrip")
PLAYABLE = frozenset(
    {
        *("video/mp4", "video/webm", "video/ogg", "video/quicktime", "video/x-matroska"),
        *("audio/mp4", "audio/mpeg", "audio/wav", "audio/x-wav", "audio/ogg", "audio/flac"),
    }
)
"""Types that most browsers try; what is inside decides, so a page falls back to the sound."""

DEFAULT_TYPE = "application/octet-stream"
REDIRECTS: dict[int | str, dict[str, Any]] = {
    307: {"description": "To a URL that holds for minutes"}
}
INLINE: dict[int | str, dict[str, Any]] = {
    **REDIRECTS,
    200: {"description": "The file itself", "content": {"*/*": {}}},
    304: {"description": "As the caller has it"},
}


class ResultFileModel(BaseModel):
    """A published file; `url` holds for minutes and needs no token."""

    name: str
    content_type: str
    size_bytes: int | None
    sha256: str | None
    url: str


class MediaModel(BaseModel):
    """The recording; `playable`: whether browsers try to play its type."""

    url: str
    content_type: str
    playable: bool


class Results(BaseModel):
    """Everything a job has published."""

    revision: int
    files: list[ResultFileModel]
    media: MediaModel | None
    audio_url: str | None


@router.get("/results")
def manifest(services: Parts, caller: Reader, job_id: str) -> Results:
    """Return every published file with a URL."""
    job = own_job(services, caller, job_id)
    found = published_files(job, services.objects)
    audio = ResultFile.PLAYER_AUDIO
    return Results(
        revision=revision_of(job.result_key),
        files=[
            ResultFileModel(
                name=file.name,
                content_type=type_of(file.name),
                size_bytes=file.size_bytes,
                sha256=file.sha256,
                url=_url(services, job, file),
            )
            for file in found.files
        ],
        media=_media(services, job),
        audio_url=_url(services, job, found.find(audio)) if found.has(audio) else None,
    )


@router.get("/results/{path:path}", responses=INLINE, response_class=Response)
def result(
    services: Parts,
    caller: Reader,
    job_id: str,
    path: str,
    inline: Annotated[bool, Query()] = False,  # noqa: FBT002 - a query parameter
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Redirect to a published file, or with `inline=1` return a small text or JSON itself."""
    return _file(
        services,
        own_job(services, caller, job_id),
        path,
        inline=inline,
        if_none_match=if_none_match,
    )


@router.get("/transcript/partial")
def partial(services: Parts, caller: Reader, job_id: str) -> PartialModel:
    """Return the sentences that a running job has recognised so far, without speakers."""
    return partial_transcript(own_job(services, caller, job_id), services.objects)


@router.get("/transcript.{suffix}", responses=INLINE, response_class=Response)
def transcript(
    services: Parts,
    caller: Reader,
    job_id: str,
    suffix: str,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Return the transcript in a format: vtt, srt, txt, tsv, json, docx; `md` is the summary."""
    name = ResultFile.SUMMARY_MARKDOWN if suffix == "md" else f"transcript.{suffix}"
    job = own_job(services, caller, job_id)
    return _file(services, job, name, inline=True, if_none_match=if_none_match)


@router.get("/media", responses=REDIRECTS, status_code=307, response_class=Response)
def media(services: Parts, caller: Reader, job_id: str) -> Response:
    """Redirect to the recording, which answers ranges."""
    job = own_job(services, caller, job_id)
    found = _media(services, job)
    if found is None:
        raise not_found("recording: it was removed")
    return RedirectResponse(found.url, 307)


def type_of(name: str) -> str:
    """Return the content type of a published file or of a recording, by its suffix."""
    try:
        return content_type(name)
    except KeyError:
        return mimetypes.guess_type(name)[0] or DEFAULT_TYPE


def _file(
    services: Services, job: Job, name: str, *, inline: bool, if_none_match: str | None
) -> Response:
    """Redirect to a published file, or return a small text or JSON itself where `inline`."""
    found = published_files(job, services.objects)
    file = found.find(name)
    if not inline or not _fits_inline(file):
        return RedirectResponse(_url(services, job, file), 307)
    content = None if file.sha256 else found.read(file)
    etag = f'"{file.sha256 or hashlib.sha256(content or b"").hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if if_none_match and etag in (each.strip() for each in if_none_match.split(",")):
        return Response(status_code=304, headers=headers)
    if content is None:
        content = found.read(file)
    return Response(content, media_type=type_of(file.name), headers=headers)


def _fits_inline(file: PublishedFile) -> bool:
    return (file.size_bytes or 0) <= INLINE_BYTES and type_of(file.name).startswith(INLINE_TYPES)


def _url(services: Services, job: Job, file: PublishedFile) -> str:
    return services.transfers.get(
        job.source.bucket,
        file.key,
        expires_seconds=URL_SECONDS,
        content_type=type_of(file.name),
    )


def _media(services: Services, job: Job) -> MediaModel | None:
    source = job.source
    try:
        services.objects.head(source.bucket, source.key)
    except ObjectNotFoundError:
        return None
    kind = mimetypes.guess_type(PurePosixPath(source.key).name)[0] or DEFAULT_TYPE
    url = services.transfers.get(
        source.bucket, source.key, expires_seconds=URL_SECONDS, content_type=kind
    )
    return MediaModel(url=url, content_type=kind, playable=kind in PLAYABLE)
