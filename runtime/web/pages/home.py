"""The first page: drop a recording, choose options, see all recordings."""

import asyncio
from typing import Any

from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from runtime.web.pages.recording import FORMATS
from runtime.web.site import Site, Visit, is_fragment
from runtime.web.view import jobs, words

PAGE_SIZE = 24
FILTERS = (("", "All"), ("RUNNING", "At work"), ("SUCCEEDED", "Ready"), ("FAILED", "Failed"))
ORDERS = (
    ("newest", "Newest first"),
    ("oldest", "Oldest first"),
    ("name", "By name"),
    ("longest", "Longest first"),
    ("shortest", "Shortest first"),
)
SORTED_JOBS, READ_JOBS = 200, 100
"""The API orders by time alone; by name and length, at most so many of the newest are sorted."""


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
    by_time = query["order"] not in jobs.SORTED_ORDERS
    found, more = await (_page if by_time else _sorted)(visit, query)
    values: dict[str, Any] = {
        "rows": [jobs.row(job, visit.now) for job in found],
        "next_cursor": more if by_time else None,
        "sorted_count": len(found) if more and not by_time else None,
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
        formats=FORMATS,
        languages=sorted(words.LANGUAGES.items(), key=lambda item: item[1]),
        admin=bool(me.get("admin")),
        imports=bool(service["features"].get("imports")),
        voices=bool(service["features"].get("voices")),
        **values,
    )


async def _page(
    visit: Visit, query: dict[str, str | None], limit: int = PAGE_SIZE
) -> tuple[list[dict[str, Any]], str | None]:
    """Return the jobs of a page, and the cursor of the next one."""
    page = await visit.api.get("/v1/jobs", limit=limit, **query)
    return page["items"], page.get("next_cursor")


async def _sorted(
    visit: Visit, query: dict[str, str | None]
) -> tuple[list[dict[str, Any]], str | None]:
    """Return the newest jobs in another order than by time, and a cursor if there are more."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while len(found) < SORTED_JOBS:
        asked = {**query, "order": None, "cursor": cursor}
        items, cursor = await _page(visit, asked, READ_JOBS)
        found += items
        if not cursor:
            break
    return jobs.in_order(found, str(query["order"])), cursor


def row_html(visit: Visit, job: dict[str, Any]) -> str:
    """Return the HTML of one row, for the live list."""
    answer: HTMLResponse = visit.render("parts/row.html", row=jobs.row(job, visit.now))
    return bytes(answer.body).decode()
