"""Corrections that people make in the player: the names of speakers."""

from http import HTTPStatus
from typing import Any

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from runtime.web.api_client import ApiError
from runtime.web.site import Site, Visit

FIELD = "name-"
"""A field's name begins so; the speaker follows."""

TRIES = 2


def routes(site: Site) -> list[Route]:
    """Return the routes of corrections."""
    return [Route("/recordings/{job_id}/speakers", site.page(name_speakers), methods=["POST"])]


async def name_speakers(visit: Visit) -> Response:
    """Name the speakers whose field was changed."""
    form = await visit.request.form()
    edits = [
        {
            "kind": "rename_speaker",
            "speaker": field.removeprefix(FIELD),
            "name": str(value).strip(),
        }
        for field, value in form.items()
        if field.startswith(FIELD) and str(value).strip() != str(form.get(f"was-{field}", ""))
    ]
    if edits:
        await _edit(visit, edits)
    return RedirectResponse(f"/recordings/{visit.job_id}", HTTPStatus.SEE_OTHER)


async def _edit(visit: Visit, edits: list[dict[str, Any]]) -> None:
    """Make edits of the present revision; once more if someone else was faster."""
    path = f"/v1/jobs/{visit.job_id}/edits"
    for tried in range(1, TRIES + 1):
        revision = (await visit.api.call("GET", path)).headers["etag"]
        try:
            await visit.api.call(
                "POST", path, body={"edits": edits}, headers={"if-match": revision}
            )
        except ApiError as error:
            if error.status != HTTPStatus.PRECONDITION_FAILED or tried == TRIES:
                raise
        else:
            return
