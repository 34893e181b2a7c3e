"""What surrounds every request: its id, a bounded body, security headers, one line of log."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.exceptions import HTTPException

from runtime.api import request_id
from runtime.api.measures import Measures
from runtime.core.clock import MonotonicClock
from runtime.core.log import Log

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY_BYTES = 1 << 20
MAX_TRANSCRIPT_BYTES = 32 << 20
TRANSCRIPTS = "/edits/import"
"""Paths that end so take an edited transcript; it is read once the caller may write."""

QUIET_PATHS = frozenset({"/health", "/ready"})
_TOO_LARGE = 413

_SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)


class BodyTooLargeError(HTTPException):
    """A request's body exceeds the bound; FastAPI lets only its own kind of error through."""

    def __init__(self) -> None:
        super().__init__(_TOO_LARGE)


def bounded(receive: Receive, *, limit: int = MAX_BODY_BYTES) -> Receive:
    """Return a `receive` that raises `BodyTooLargeError` beyond the bound."""
    received = 0

    async def receiving() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise BodyTooLargeError
        return message

    return receiving


class Surroundings:
    """ASGI middleware. The log has method, path and status: no query, no header, no body."""

    def __init__(
        self, app: Application, *, log: Log, clock: MonotonicClock, measures: Measures
    ) -> None:
        self._app = app
        self._log = log
        self._clock = clock
        self._measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        chosen = request_id.assign(scope)
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        began, status = self._clock.monotonic(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": _headers(message["headers"], chosen)}
            await send(message)

        limit = MAX_TRANSCRIPT_BYTES if scope["path"].endswith(TRANSCRIPTS) else MAX_BODY_BYTES
        try:
            await self._app(scope, bounded(receive, limit=limit), sending)
        finally:
            if scope["path"] not in QUIET_PATHS:
                self._measures.answered(status)
                self._log.info(
                    "api.request",
                    request_id=chosen,
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    seconds=round(self._clock.monotonic() - began, 4),
                )


def _headers(given: list[tuple[bytes, bytes]], chosen: str) -> list[tuple[bytes, bytes]]:
    present = {name.lower() for name, _ in given}
    added = [(name, value) for name, value in _SECURITY_HEADERS if name not in present]
    return [*given, *added, (request_id.HEADER.lower().encode(), chosen.encode())]
