"""Known voices: who is remembered with whose consent, and the voices of a recording."""

import asyncio
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from runtime.web.api_client import ApiError
from runtime.web.pages.recording import read_results
from runtime.web.site import Site, Visit
from runtime.web.view import jobs, voices, words

SAID_IN_PLACE = frozenset({HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY})
"""Refusals that a person can answer where the voice is."""


def routes(site: Site) -> list[Route]:
    """Return the routes of known voices."""
    return [
        Route("/voices", site.page(show)),
        Route("/voices/forget", site.page(forget), methods=["POST"]),
        Route("/recordings/{job_id}/voices", site.page(of_recording)),
        Route("/recordings/{job_id}/voices", site.page(remember), methods=["POST"]),
    ]


async def show(visit: Visit) -> Response:
    """Show who is remembered, from which recordings, and who agreed."""
    profiles = (await visit.api.get("/v1/voices"))["profiles"]
    ids = dict.fromkeys(sample["job_id"] for each in profiles for sample in each["samples"])
    names = await asyncio.gather(*(_name(visit, job_id) for job_id in ids))
    return visit.render("voices.html", profiles=profiles, names=dict(zip(ids, names, strict=True)))


async def _name(visit: Visit, job_id: str) -> str:
    """Return a recording's name; its samples are erased with it, but maybe this moment."""
    try:
        return words.name_of(await visit.api.get(f"/v1/jobs/{quote(job_id, safe='')}"))
    except ApiError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return "A deleted recording"


async def forget(visit: Visit) -> Response:
    """Erase a person's voice, or all."""
    form = await visit.request.form()
    profile = quote(str(form.get("profile", "")), safe="")
    if not profile and form.get("all") != "1":
        return Response(status_code=HTTPStatus.BAD_REQUEST)
    await visit.api.send("DELETE", f"/v1/voices/{profile}" if profile else "/v1/voices")
    return RedirectResponse("/voices", HTTPStatus.SEE_OTHER)


async def of_recording(visit: Visit) -> Response:
    """Show a recording's speakers: remembered, to be remembered, or who they may be."""
    return await _recording(visit)


async def remember(visit: Visit) -> Response:
    """Remember a named speaker's voice, with the consent that the person has stated."""
    form = await visit.request.form()
    speaker, consent = (str(form.get(name, "")).strip() for name in ("speaker", "consent"))
    body = {"job_id": visit.request.path_params["job_id"], "speaker": speaker}
    try:
        await visit.api.send("POST", "/v1/voices", {**body, "consented_by": consent})
    except ApiError as error:
        if error.status not in SAID_IN_PLACE:
            raise
        return await _recording(visit, refused=speaker, error=error)
    return RedirectResponse(f"/recordings/{visit.job_id}/voices", HTTPStatus.SEE_OTHER)


async def _recording(
    visit: Visit, *, refused: str | None = None, error: ApiError | None = None
) -> Response:
    job_id = visit.job_id
    job, known, proposed, (_, recording) = await asyncio.gather(
        visit.api.get(f"/v1/jobs/{job_id}"),
        visit.api.get("/v1/voices"),
        visit.api.get(f"/v1/jobs/{job_id}/voices"),
        read_results(visit),
    )
    values: dict[str, Any] = {
        "row": jobs.row(job, visit.now),
        "people": voices.people(
            recording.speakers, job["job_id"], known["profiles"], proposed["proposals"]
        ),
        "refused": refused,
        "error": error,
    }
    return visit.render(
        "recording_voices.html", status=error.status if error else HTTPStatus.OK, **values
    )
