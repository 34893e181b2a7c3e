"""Launcher: paths that are answered in front of ministack's application."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from runtime.core.clock import WallClock

Receive = Callable[[], Awaitable[Any]]
Application = Callable[[Any, Any, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Request:
    """One request, read to its end."""

    method: str
    path: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """One answer."""

    status: int
    body: bytes
    content_type: str = "application/json"

    @staticmethod
    def of(status: int, value: Mapping[str, Any]) -> "Response":
        """Return a JSON answer."""
        return Response(status, json.dumps(value).encode())


Handler = Callable[[Request], Awaitable[Response]]


def with_routes(
    application: Application, handlers: Mapping[re.Pattern[str], Handler], clock: WallClock
) -> Application:
    """Return an application that answers paths of these patterns by these handlers."""

    async def routed(scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        handler = next((h for pattern, h in handlers.items() if pattern.fullmatch(path)), None)
        if scope["type"] != "http" or handler is None:
            await application(scope, receive, send)
            return
        body = await _body(receive)
        response = await handler(Request(scope["method"], path, body))
        headers = [
            (b"content-type", response.content_type.encode()),
            (b"content-length", str(len(response.body)).encode()),
            (b"date", formatdate(clock.now(), usegmt=True).encode()),
        ]
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})

    return routed


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)
