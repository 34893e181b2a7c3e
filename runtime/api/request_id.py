"""A request's id: taken from its sender where it is harmless, else made."""

import re
from collections.abc import MutableMapping
from typing import Any
from uuid import uuid4

HEADER = "X-Request-Id"
_KEY = "lifestream.request_id"
_HARMLESS = re.compile(r"[A-Za-z0-9._-]{8,64}")


def assign(scope: MutableMapping[str, Any]) -> str:
    """Give a connection its id and return it."""
    wanted = HEADER.lower().encode()
    given = next((value for name, value in scope["headers"] if name == wanted), b"")
    text = given.decode("latin-1")
    chosen = text if _HARMLESS.fullmatch(text) else uuid4().hex
    scope[_KEY] = chosen
    return chosen


def request_id(scope: MutableMapping[str, Any]) -> str:
    """Return the id of a connection; empty before `assign`."""
    found: str = scope.get(_KEY, "")
    return found
