"""Sessions of signed-in people, kept on the server; the browser holds a random name only."""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

SESSION_SECONDS = 12 * 3600.0
"""The longest time between two sign-ins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser's sign-in; times in seconds since the epoch.

    `key` is the digest of the cookie's value, so that a leaked table opens no session.
    """

    key: str
    subject: str
    name: str
    access_token: str = field(repr=False)
    id_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    csrf: str = field(repr=False)
    token_expires_at: float
    expires_at: float
    admin: bool = False


class SessionStore(Protocol):
    """Where sessions live; every instance of the server sees the same."""

    def get(self, key: str, now: float) -> Session | None:
        """Return the session unless it is missing or expired."""

    def put(self, session: Session) -> None:
        """Add or replace a session."""

    def delete(self, key: str) -> None:
        """End a session, if it exists."""

    def delete_all(self, subject: str) -> None:
        """End all sessions of a person."""


class MemorySessions:
    """Sessions of a single process."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def get(self, key: str, now: float) -> Session | None:
        """Return the session unless it is missing or expired."""
        for stale in list(self._expired(now)):
            del self._sessions[stale]
        return self._sessions.get(key)

    def put(self, session: Session) -> None:
        """Add or replace a session."""
        self._sessions[session.key] = session

    def delete(self, key: str) -> None:
        """End a session, if it exists."""
        self._sessions.pop(key, None)

    def delete_all(self, subject: str) -> None:
        """End all sessions of a person."""
        for key in [k for k, s in self._sessions.items() if s.subject == subject]:
            del self._sessions[key]

    def _expired(self, now: float) -> Iterator[str]:
        return (key for key, session in self._sessions.items() if session.expires_at <= now)


def new_secret() -> str:
    """Return 256 random bits for a cookie, a state or a token against forged requests."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Return the key under which a cookie's value is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()
