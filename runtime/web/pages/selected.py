"""Several recordings of the list at once: their transcripts in one archive, and deletion."""

import asyncio
import io
import zipfile
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from runtime.web.api_client import ApiError
from runtime.web.pages.recording import FORMATS
from runtime.web.site import Site, Visit
from runtime.web.view import words

Result = TypeVar("Result")

MOST = 50
"""Recordings at once; each is a request to the API or two."""

AT_ONCE = 5
LEFT_OUT = "left-out.txt"


def routes(site: Site) -> list[Route]:
    """Return the routes of chosen recordings."""
    return [
        Route("/recordings/download", site.page(download), methods=["POST"]),
        Route("/recordings/delete", site.page(delete), methods=["POST"]),
    ]


async def download(visit: Visit) -> Response:
    """Send an archive with a transcript of each; a file in it names those that have none."""
    kind = str((await visit.request.form()).get("kind", ""))
    if kind not in {name for name, _, _ in FORMATS}:
        return Response(status_code=HTTPStatus.NOT_FOUND)
    ids = await _chosen(visit)

    async def read(job_id: str) -> tuple[str, bytes | ApiError]:
        name = words.name_of(await visit.api.get(f"/v1/jobs/{job_id}"))
        path = f"/v1/jobs/{job_id}/transcript.{kind}"
        try:
            return name, (await visit.api.call("GET", path, follow=True)).content
        except ApiError as error:
            if error.status not in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
                raise
            return name, error

    found = await _each(ids, read)
    if not any(isinstance(content, bytes) for _, content in found):
        raise _refused("None of these recordings has a transcript.", "Choose those that are ready.")
    archive = await asyncio.to_thread(_archive, found, kind, visit.now)
    headers = {"content-disposition": 'attachment; filename="recordings.zip"'}
    return Response(archive, headers=headers, media_type="application/zip")


def _archive(found: Sequence[tuple[str, bytes | ApiError]], kind: str, now: float) -> bytes:
    """Return a ZIP archive; recordings of one name get numbers."""
    into = io.BytesIO()
    moment = datetime.fromtimestamp(now, UTC).timetuple()[:6]
    used: set[str] = set()
    left_out: list[str] = []
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:

        def add(name: str, content: bytes) -> None:
            entry = zipfile.ZipInfo(name, moment)
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)

        for name, content in found:
            if isinstance(content, ApiError):
                left_out.append(f"{name}: {content.detail}")
                continue
            stem, number = words.file_stem(name), 1
            while (file := f"{stem}{f' ({number})' if number > 1 else ''}.{kind}") in used:
                number += 1
            used.add(file)
            add(file, content)
        if left_out:
            add(LEFT_OUT, "\n".join([*left_out, ""]).encode())
    return into.getvalue()


async def delete(visit: Visit) -> Response:
    """Delete recordings; say which could not be deleted, and why."""

    async def erase(job_id: str) -> str | None:
        try:
            await visit.api.send("DELETE", f"/v1/jobs/{job_id}")
        except ApiError as error:
            if error.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.SERVICE_UNAVAILABLE):
                raise
            return None if error.status == HTTPStatus.NOT_FOUND else error.detail
        return None

    kept = [problem for problem in await _each(await _chosen(visit), erase) if problem]
    if kept:
        reasons = " ".join(dict.fromkeys(kept))
        raise _refused(f"{words.count(len(kept), 'recording')} could not be deleted.", reasons)
    return RedirectResponse("/", HTTPStatus.SEE_OTHER)


async def _chosen(visit: Visit) -> list[str]:
    """Return the ids of the form, safe to put into a path."""
    form = await visit.request.form()
    ids = list(dict.fromkeys(quote(str(job_id), safe="") for job_id in form.getlist("job")))
    if not 1 <= len(ids) <= MOST:
        raise _refused(f"{len(ids)} recordings are chosen.", f"Choose between 1 and {MOST}.")
    return ids


async def _each(ids: Sequence[str], act: Callable[[str], Awaitable[Result]]) -> list[Result]:
    """Return what each gives, a few at a time."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(job_id: str) -> Result:
        async with free:
            return await act(job_id)

    return await asyncio.gather(*(one(job_id) for job_id in ids))


def _refused(detail: str, remedy: str) -> ApiError:
    return ApiError(
        status=HTTPStatus.CONFLICT,
        code="selection.refused",
        title="Not everything was done",
        detail=detail,
        remedy=remedy,
    )
