"""What scripts call: uploads, imports and events, passed on to the API with the person's token."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from runtime.web.api_client import ApiError
from runtime.web.pages.home import row_html
from runtime.web.pages.recording import progress_html
from runtime.web.pages.scripts import body_of, refusals_as_json
from runtime.web.site import Page, Site, Visit

MAX_BODY_BYTES = 1_000_000
NO_STREAMS = "events.unavailable"
"""The API's code where it runs as a function, which keeps no connection open."""

POLL_MILLISECONDS = 4000
POLLED_JOBS = 20
Renderer = Callable[[Visit, dict[str, Any]], str]


def routes(site: Site) -> list[Route]:
    """Return the routes of scripts."""
    upload = "/data/uploads/{upload_id}"
    posts = ("/data/uploads", f"{upload}/parts", f"{upload}/confirm", "/data/imports")
    pass_on = site.page(refusals_as_json(_pass_on))
    return [
        *(Route(path, pass_on, methods=["POST"]) for path in posts),
        Route(upload, pass_on, methods=["GET", "DELETE"]),
        Route("/data/events", site.page(_events("/v1/events", row_html))),
        Route("/data/events/{job_id}", site.page(_job_events)),
    ]


async def _pass_on(visit: Visit) -> Response:
    """Pass a call on to the API's path of the same name, and its problems back."""
    request = visit.request
    answer = await visit.api.send(
        request.method,
        f"/v1{request.url.path.removeprefix('/data')}",
        await body_of(request, most_bytes=MAX_BODY_BYTES),
        key=request.headers.get("idempotency-key"),
    )
    return JSONResponse(answer)


async def _job_events(visit: Visit) -> Response:
    """Pass a job's events on, after its present state: it may have changed since the page."""
    job = await visit.api.get(f"/v1/jobs/{visit.job_id}")
    return await _events(f"/v1/jobs/{visit.job_id}/events", progress_html, first=job)(visit)


def _events(path: str, render: Renderer, *, first: dict[str, Any] | None = None) -> Page:
    """Return a page that passes events on, each with the HTML of what has changed."""

    async def handle(visit: Visit) -> Response:
        return StreamingResponse(
            _rendered(visit, path, render, first),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )

    return handle


async def _rendered(
    visit: Visit, path: str, render: Renderer, first: dict[str, Any] | None
) -> AsyncIterator[str]:
    last = visit.request.headers.get("last-event-id")
    yield "retry: 2000\n\n"
    if first is not None:
        yield _event(visit, first, render)
    try:
        async with visit.api.stream(path, last_event_id=last) as lines:
            async for line in lines:
                yield _with_html(visit, line, render)
    except ApiError as error:
        if error.code != NO_STREAMS:
            visit.site.log.warning("events_interrupted", code=error.code)
            return
        # The browser comes back by itself, and so asks again and again.
        yield f"retry: {POLL_MILLISECONDS}\n\n"
        if first is None:
            for job in (await visit.api.get("/v1/jobs", limit=POLLED_JOBS))["items"]:
                yield _event(visit, job, render)


def _event(visit: Visit, job: dict[str, Any], render: Renderer) -> str:
    return f"event: job\n{_with_html(visit, f'data: {json.dumps(job)}', render)}\n"


def _with_html(visit: Visit, line: str, render: Renderer) -> str:
    if not line.startswith("data:"):
        return f"{line}\n"
    job = json.loads(line.removeprefix("data:"))
    if "job_id" not in job:
        return f"{line}\n"
    data = {"job_id": job["job_id"], "state": job["state"], "html": render(visit, job)}
    return f"data: {json.dumps(data)}\n"
