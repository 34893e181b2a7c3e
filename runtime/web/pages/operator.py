"""The operator's page: queues, workers, failures of all owners, dead letters, costs by day."""

from http import HTTPStatus
from typing import Any

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from runtime.web.api_client import ApiError
from runtime.web.site import Site, Visit, is_fragment
from runtime.web.view import jobs, letters

FAILURES = 20
COST_DAYS = 14


def routes(site: Site) -> list[Route]:
    """Return the routes of the operator's page."""
    return [
        Route("/operator", site.page(show)),
        Route("/operator/costs", site.page(costs)),
        Route("/operator/dead-letters", site.page(dead_letters)),
        Route("/operator/pools/{pool}", site.page(set_pool), methods=["POST"]),
    ]


async def show(visit: Visit) -> Response:
    """Show the page, or its figures alone when a script renews them."""
    me = await visit.api.get("/v1/me")
    if not me.get("admin"):
        raise ApiError(
            status=403,
            code="auth.forbidden",
            title="This page is for operators",
            detail="Your account has no right to see queues and workers.",
            remedy="Ask an administrator for the scope admin.",
        )
    health = await visit.api.get("/health")
    failed = await visit.api.get("/v1/failures", limit=FAILURES)
    values: dict[str, Any] = {
        "queues": await _queues(visit),
        "health": health,
        "failures": [
            {"row": jobs.row(job, visit.now), "error": job.get("error") or {}, "job": job}
            for job in failed
        ],
        "admin": True,
    }
    name = "parts/figures.html" if is_fragment(visit.request) else "operator.html"
    return visit.render(name, **values)


async def costs(visit: Visit) -> Response:
    """Show what each of the last days cost, with a bar in proportion to the dearest."""
    found = await visit.api.get("/v1/costs", days=COST_DAYS)
    dearest = max((day["cost_usd"] for day in found["days"]), default=0.0)
    days = [
        {**day, "percent": round(100 * day["cost_usd"] / dearest) if dearest else 0}
        for day in found["days"]
    ]
    return visit.render("parts/costs.html", days=days, complete=found["complete"])


async def dead_letters(visit: Visit) -> Response:
    """Show the dead letters with their recordings, or why they cannot be read."""
    found, problem = None, ""
    try:
        found = await visit.api.get("/v1/dead-letters")
    except ApiError as error:
        if error.status < HTTPStatus.INTERNAL_SERVER_ERROR and error.status != HTTPStatus.NOT_FOUND:
            raise
        problem = "" if error.status == HTTPStatus.NOT_FOUND else error.detail or error.title
    rows = letters.letter_rows(found["letters"], visit.now) if found else []
    return visit.render("parts/dead_letters.html", found=found, rows=rows, problem=problem)


async def _queues(visit: Visit) -> Any:
    """Return the figures of queues; a service that reports none has no such address."""
    try:
        return await visit.api.get("/v1/queues")
    except ApiError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return []


async def set_pool(visit: Visit) -> Response:
    """Change how many workers a pool has at least and at most, or pause it."""
    form = await visit.request.form()
    body: dict[str, Any] = {
        name: int(str(form[name]))
        for name in ("min_tasks", "max_tasks")
        if str(form.get(name, "")).isdecimal()
    }
    if "paused" in form:
        body["paused"] = form["paused"] == "true"
    pool = "gpu" if visit.request.path_params["pool"] == "gpu" else "cpu"
    await visit.api.send("POST", f"/v1/pools/{pool}", body)
    return RedirectResponse("/operator", status_code=303)
