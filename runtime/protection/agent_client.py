"""Asks the ECS agent of this task, at `$ECS_AGENT_URI/task-protection/v1/state`."""

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from runtime.core.protection import (
    PERMANENT_CODES,
    Answer,
    Failed,
    Protected,
    Refused,
    Unprotected,
)

PATH = "/task-protection/v1/state"
TIMEOUT_SECONDS = 5.0
"""Above the agent's own 4 s, so that its 504 is seen rather than our impatience."""

MAX_ANSWER_BYTES = 64 * 1024


class AgentClient:
    """The agent's answers as values. A 200 alone means nothing: the body decides.

    Speaks straight to the link-local address: no proxy, no redirect, one connection a call.
    """

    def __init__(self, agent_uri: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        """Take `$ECS_AGENT_URI`, an http URI."""
        parts = urlsplit(agent_uri)
        self._host = parts.hostname or ""
        self._port = parts.port
        self._path = parts.path.rstrip("/") + PATH
        self._timeout_seconds = timeout_seconds

    def enable(self, minutes: int) -> Answer:
        """Protect for so many whole minutes from now."""
        return self._ask("PUT", {"ProtectionEnabled": True, "ExpiresInMinutes": minutes})

    def disable(self) -> Answer:
        """Stop protecting."""
        return self._ask("PUT", {"ProtectionEnabled": False})

    def read(self) -> Answer:
        """Return the protection as it stands."""
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
            connection.close()
        wanted = None if body is None else bool(body["ProtectionEnabled"])
        return read_answer(status, content, date, wanted=wanted)


def read_answer(status: int, content: bytes, date: str | None, *, wanted: bool | None) -> Answer:
    """Return what the agent said; `wanted` is the state asked for, None when it was only read.

    Shapes (agent's task protection types): `protection`, `failure` (both with 200) or `error`.
    """
    try:
        said = json.loads(content)
        if said.get("error"):
            return _error(status, said["error"])
        if status != HTTPStatus.OK:
            return _unread(status, content)
        if said.get("failure"):
            failure = said["failure"]
            return Refused(str(failure["Reason"]), failure.get("Detail"))
        return _protection(said["protection"], date, wanted)
    except (ValueError, KeyError, TypeError, AttributeError):
        return _unread(status, content)


def _protection(said: dict[str, Any], date: str | None, wanted: bool | None) -> Answer:  # noqa: FBT001 - three-valued, private
    enabled = said["ProtectionEnabled"]
    if enabled not in {True, False} if wanted is None else enabled is not wanted:
        return Failed(
            "agent_contradicts", f"asked for {wanted}, it answered {enabled}", uncertain=True
        )
    if not enabled:
        return Unprotected()
    expires = datetime.fromisoformat(said["ExpirationDate"])
    if expires.tzinfo is None:
        expires = expires.replace(tzinfo=UTC)
    return Protected(expires.timestamp(), parse_date(date))


def parse_date(date: str | None) -> float | None:
    """Return an HTTP date in seconds since the epoch, None without a valid one."""
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
    """Return what a body means that is none of the agent's shapes, as in a throttled 429."""
    shown = content[:200].decode(errors="replace")
    sure = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return Failed(f"HTTP {status}", f"unexpected answer: {shown!r}", uncertain=not sure)
