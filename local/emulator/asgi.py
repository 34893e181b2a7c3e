"""Launcher: paths that are answered in front of ministack's application."""

from collections.abc import Awaitable, Callable
from typing import Any

from ministack.app import _with_date_header
from starlette.routing import Match, Route

Application = Callable[[Any, Any, Any], Awaitable[None]]


def with_routes(application: Application, *routes: Route) -> Application:
    """Return an application that answers these routes, and all else as it did."""

    async def routed(scope: Any, receive: Any, send: Any) -> None:
        for route in routes:
            match, found = route.matches(scope)
            if match is not Match.NONE:
                await route.handle({**scope, **found}, receive, _with_date_header(send))
                return
        await application(scope, receive, send)

    return routed
