"""The signing keys of an OIDC issuer, by discovery; kept, and read again for an unknown key."""

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import jwt

from runtime.core.clock import MonotonicClock
from runtime.core.errors import Retryable
from runtime.core.log import Log

FetchJson = Callable[[str], Mapping[str, Any]]
"""Returns the JSON object of a URL; raises `Retryable`."""

KEEP_SECONDS = 3600.0
"""After this, keys are read again, so that one that the issuer withdrew stops to count."""

UNKNOWN_KEY_PAUSE_SECONDS = 10.0
"""The shortest time between two reads, so that forged key ids do not become calls."""

TIMEOUT_SECONDS = 5.0
MAX_BYTES = 1 << 20


def fetch_json(url: str) -> Mapping[str, Any]:
    """Return the JSON object of a URL, without following redirects."""
    try:
        answer = httpx.get(url, timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False)
        answer.raise_for_status()
        return _json_object(answer.content)
    except (httpx.HTTPError, ValueError) as error:
        raise Retryable(
            "auth.issuer_unavailable",
            f"The issuer's {url} could not be read: {error!r}.",
            "It is tried again with the next request.",
        ) from error


def _json_object(content: bytes) -> Mapping[str, Any]:
    found = json.loads(content) if len(content) <= MAX_BYTES else None
    if not isinstance(found, dict):
        raise ValueError(f"{len(content)} bytes, and no JSON object")  # noqa: TRY004 - of the answer
    return found


class IssuerKeys:
    """The public keys of one issuer by key id; safe to share between threads."""

    def __init__(
        self, issuer: str, *, clock: MonotonicClock, log: Log, fetch: FetchJson = fetch_json
    ) -> None:
        self._issuer = issuer
        self._clock = clock
        self._log = log
        self._fetch = fetch
        self._lock = threading.Lock()
        self._keys: dict[str, jwt.PyJWK] = {}
        self._read_at: float | None = None

    def known(self, key_id: str) -> jwt.PyJWK | None:
        """Return a key that was read lately, without any call."""
        if self._read_at is None or self._clock.monotonic() - self._read_at > KEEP_SECONDS:
            return None
        return self._keys.get(key_id)

    def find(self, key_id: str) -> jwt.PyJWK | None:
        """Return a key, read from the issuer if need be; None if it has none of this id.

        Raise `Retryable` when the issuer does not answer and the key is not known from before.
        """
        with self._lock:
            found = self.known(key_id)
            if found is not None or self._read_lately():
                return found
            try:
                self._read()
            except Retryable as error:
                self._log.error("auth.issuer_unavailable", error=error.summary)
                # A short outage of the issuer must not sign out those who are signed in.
                stale = self._keys.get(key_id)
                if stale is None:
                    raise
                return stale
            return self._keys.get(key_id)

    def _read_lately(self) -> bool:
        now = self._clock.monotonic()
        return self._read_at is not None and now - self._read_at < UNKNOWN_KEY_PAUSE_SECONDS

    def _read(self) -> None:
        document = self._fetch(f"{self._issuer}/.well-known/openid-configuration")
        if str(document.get("issuer", "")).rstrip("/") != self._issuer:
            raise Retryable(
                "auth.issuer_mismatch",
                f"The discovery document of {self._issuer} names another issuer.",
                "Correct OIDC_ISSUER.",
            )
        keys = self._fetch(str(document.get("jwks_uri", ""))).get("keys", [])
        self._keys = dict(_usable(keys))
        self._read_at = self._clock.monotonic()


def _usable(keys: Any) -> list[tuple[str, jwt.PyJWK]]:
    found = []
    for key in keys if isinstance(keys, list) else []:
        if not isinstance(key, dict) or key.get("use", "sig") != "sig" or "kid" not in key:
            continue
        try:
            found.append((str(key["kid"]), jwt.PyJWK(key)))
        except jwt.PyJWTError:
            continue  # of a kind that this library does not know
    return found
