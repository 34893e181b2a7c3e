"""The first page: drop a recording, choose options, see all recordings."""

import asyncio
from typing import Any

from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from runtime.web.site import Site, Visit, is_fragment
from runtime.web.view import jobs, words

PAGE_SIZE = 24
FILTERS = (("", "All"), ("RUNNING", "At work"), ("SUCCEEDED", "Ready"), ("FAILED", "Failed"))
ORDERS = (("newest", "Newest first"), ("oldest", "Oldest first"))


def routes(site: Site) -> list[Route]:
    """Return the routes of the first page."""
    return [Route("/", site.page(home)), Route("/recordings", site.page(home))]


async def home(visit: Visit) -> Response:
    """Show the page, or the list alone when a script filters or pages it."""
    asked = visit.request.query_params
    query = {
        "text": asked.get("q", "").strip() or None,
        "state": asked.get("state") or None,
        "order": asked.get("order") or None,
        "cursor": asked.get("cursor") or None,
    }
    page = await visit.api.get("/v1/jobs", limit=PAGE_SIZE, **query)
    values: dict[str, Any] = {
        "rows": [jobs.row(job, visit.now) for job in page["items"]],
        "next_cursor": page.get("next_cursor"),
        "query": query,
        "filtered": bool(query["text"] or query["state"]),
        "filters": FILTERS,
        "orders": ORDERS,
    }
    if is_fragment(visit.request):
        name = "parts/rows.html" if query["cursor"] else "parts/list.html"
        return visit.render(name, **values)
    me, service = await asyncio.gather(visit.api.get("/v1/me"), visit.api.get("/"))
    return visit.render(
        "home.html",
        languages=sorted(words.LANGUAGES.items(), key=lambda item: item[1]),
        admin=bool(me.get("admin")),
        imports=bool((service.get("features") or {}).get("imports")),
        **values,
    )


def row_html(visit: Visit, job: dict[str, Any]) -> str:
    """Return the HTML of one row, for the live list."""
    answer: HTMLResponse = visit.render("parts/row.html", row=jobs.row(job, visit.now))
    return bytes(answer.body).decode()
