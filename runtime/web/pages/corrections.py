"""Corrections that people make in the player: words, speakers, undo, and earlier revisions."""

import asyncio
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from runtime.web.api_client import ApiError
from runtime.web.pages.recording import read_results
from runtime.web.pages.scripts import body_of, refusals_as_json
from runtime.web.site import Site, Visit
from runtime.web.view.edits import compacted

FIELD = "name-"
"""A field's name begins so; the speaker follows."""

CHANGES = ("edits", "edits/undo", "edits/redo", "revisions/{revision:int}/restore")
TRIES = 2
MAX_BODY_BYTES = 500_000


def routes(site: Site) -> list[Route]:
    """Return the routes of corrections."""
    base = "/recordings/{job_id}"
    return [
        Route(f"{base}/speakers", site.page(name_speakers), methods=["POST"]),
        Route(f"{base}/edits", site.page(refusals_as_json(read_edits))),
        *(
            Route(f"{base}/{path}", site.page(refusals_as_json(change)), methods=["POST"])
            for path in CHANGES
        ),
        Route(f"{base}/revisions", site.page(refusals_as_json(revisions))),
        Route(f"{base}/parts/{{part}}", site.page(part)),
    ]


async def read_edits(visit: Visit) -> Response:
    """Return the ids of words, the journal and its revision, without the words themselves."""
    answer = await visit.api.call("GET", f"/v1/jobs/{visit.job_id}/edits")
    editable = await asyncio.to_thread(lambda: compacted(answer.json()))
    return JSONResponse(editable, headers={"cache-control": "no-store"})


async def change(visit: Visit) -> Response:
    """Pass a change on, with the revision that it names and the key that makes it happen once."""
    request = visit.request
    body = await body_of(request, most_bytes=MAX_BODY_BYTES)
    passed = {
        name: request.headers[name]
        for name in ("if-match", "idempotency-key")
        if name in request.headers
    }
    path = request.url.path.removeprefix(f"/recordings/{request.path_params['job_id']}/")
    address = f"/v1/jobs/{visit.job_id}/{path}"
    answer = await visit.api.call("POST", address, body=body, headers=passed)
    return JSONResponse(answer.json())


async def revisions(visit: Visit) -> Response:
    """Return the last revisions, each with what was changed."""
    return JSONResponse(await visit.api.get(f"/v1/jobs/{visit.job_id}/revisions"))


async def part(visit: Visit) -> Response:
    """Return a part of the player's page as it is now: the transcript, or what stands beside it."""
    name = {"transcript": "parts/paragraphs.html", "about": "parts/about.html"}.get(
        str(visit.request.path_params["part"])
    )
    if name is None:
        return Response(status_code=HTTPStatus.NOT_FOUND)
    _, recording = await read_results(visit)
    return visit.render(name, recording=recording, base=f"/recordings/{visit.job_id}")


async def name_speakers(visit: Visit) -> Response:
    """Name the speakers whose field was changed; the form works without a script."""
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
    then = "/voices" if form.get("then") == "voices" else ""
    return RedirectResponse(f"/recordings/{visit.job_id}{then}", HTTPStatus.SEE_OTHER)


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
