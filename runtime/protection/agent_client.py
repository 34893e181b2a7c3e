"""Task protection by the ECS agent at `$ECS_AGENT_URI/task-protection/v1/state`."""

import json
import socket
import struct
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from .answers import (
    PERMANENT_CODES,
    Answer,
    Failed,
    Protected,
    Refused,
    Unprotected,
)

PATH = "/task-protection/v1/state"
TIMEOUT_SECONDS = 5.0
"""Above the agent's own 4 s, so that its 504 arrives before this timeout."""

MAX_ANSWER_BYTES = 64 * 1024
_DISCARD = struct.pack("ii", 1, 0)
"""`SO_LINGER` with a time of 0: closing resets the connection."""


class AgentClient:
    """`ProtectionClient` by the agent's HTTP endpoint; `agent_uri` is `$ECS_AGENT_URI`.

    Connects to the link-local address without proxies or redirects, one connection a call. A 200
    may still be a refusal: the body decides.
    """

    def __init__(self, agent_uri: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        parts = urlsplit(agent_uri)
        self._host = parts.hostname or ""
        self._port = parts.port
        self._path = parts.path.rstrip("/") + PATH
        self._timeout_seconds = timeout_seconds

    def enable(self, minutes: int) -> Answer:
        """Protect for whole minutes from now."""
        return self._ask("PUT", {"ProtectionEnabled": True, "ExpiresInMinutes": minutes})

    def disable(self) -> Answer:
        """Stop protecting."""
        return self._ask("PUT", {"ProtectionEnabled": False})

    def read(self) -> Answer:
        """Return the current protection."""
        return self._ask("GET", None)

    def _ask(self, method: str, body: dict[str, Any] | None) -> Answer:
        connection = HTTPConnection(self._host, self._port, timeout=self._timeout_seconds)
        try:
            connection.request(
                method,
                self._path,
                body=None if body is None else json.dumps(body),
                headers={"Content-Type": "application/json"},
            )
            response = connection.getresponse()
            content = response.read(MAX_ANSWER_BYTES)
            date = response.headers.get("Date")
            status = response.status
        except ConnectionRefusedError as error:
            return Failed("agent_unreachable", str(error), uncertain=False)
        except (OSError, HTTPException) as error:
            return Failed("agent_silent", repr(error), uncertain=True)
        finally:
            _abort(connection)
        wanted = None if body is None else bool(body["ProtectionEnabled"])
        return read_answer(status, content, date, wanted=wanted)


def _abort(connection: HTTPConnection) -> None:
    """Close the connection and discard what is unsent, so that a lost request cannot land later."""
    if connection.sock is not None:
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DISCARD)
    connection.close()


def read_answer(status: int, content: bytes, date: str | None, *, wanted: bool | None) -> Answer:
    """Parse the agent's answer; `wanted` is the requested state, None for a read.

    The body holds `protection` or `failure` (both with a 200), or `error`.
    """
    try:
        body = json.loads(content)
        if body.get("error"):
            return _error(status, body["error"])
        if status != HTTPStatus.OK:
            return _unread(status, content)
        if body.get("failure"):
            failure = body["failure"]
            return Refused(str(failure["Reason"]), failure.get("Detail"))
        return _protection(body["protection"], date, wanted)
    except (ValueError, KeyError, TypeError, AttributeError):
        return _unread(status, content)


def _protection(state: dict[str, Any], date: str | None, wanted: bool | None) -> Answer:  # noqa: FBT001 - three-valued, private
    enabled = state["ProtectionEnabled"]
    if enabled not in {True, False} if wanted is None else enabled is not wanted:
        return Failed(
            "agent_contradicts", f"asked for {wanted}, it answered {enabled}", uncertain=True
        )
    if not enabled:
        return Unprotected()
    expires = datetime.fromisoformat(state["ExpirationDate"])
    if expires.tzinfo is None:
        expires = expires.replace(tzinfo=UTC)
    return Protected(expires.timestamp(), parse_date(date))


def parse_date(date: str | None) -> float | None:
    """Return an HTTP date in seconds since the epoch, None if missing or invalid."""
    if date is None:
        return None
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None


def _error(status: int, error: dict[str, Any]) -> Failed:
    code = str(error.get("Code", f"HTTP {status}"))
    return Failed(
        code,
        str(error.get("Message", "")),
        uncertain=status >= HTTPStatus.INTERNAL_SERVER_ERROR,
        permanent=code in PERMANENT_CODES,
    )


def _unread(status: int, content: bytes) -> Failed:
    """Return the failure of a body in none of the agent's formats, as in a throttled 429."""
    shown = content[:200].decode(errors="replace")
    sure = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return Failed(f"HTTP {status}", f"unexpected answer: {shown!r}", uncertain=not sure)
