"""API keys of machines: made once, stored as a hash, scoped, revocable, with their last use."""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from runtime.api.identifiers import known_form
from runtime.api.identity import Caller, Scope
from runtime.core.clock import WallClock
from runtime.core.service_ports import Record, RecordConflictError, Records, by_owner

PREFIX = "lsk"
"""The first part of every key, by which scanners find one that leaked."""

KEPT_SECONDS = 10.0
"""How long a verified key is not read again: the longest time after which a revocation counts."""

LAST_USE_SECONDS = 300.0
"""The precision of `last_used_at`, so that use does not cost a write each."""

MAX_KEYS = 50
_KEPT_KEYS = 10_000
_ID_BYTES, _SECRET_BYTES = 8, 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as its owner sees it later: everything but its secret."""

    key_id: str
    owner: str
    name: str
    scopes: frozenset[Scope]
    created_at: float
    expires_at: float | None = None
    last_used_at: float | None = None


class ApiKeys:
    """Keys in a table: `key#<id>` finds one by its id, `owner#<owner>` lists them."""

    def __init__(self, records: Records, *, clock: WallClock) -> None:
        self._records = records
        self._clock = clock
        self._lock = threading.Lock()
        self._verified: dict[str, tuple[float, ApiKey]] = {}

    def make(
        self, *, owner: str, name: str, scopes: Iterable[Scope], expires_at: float | None
    ) -> tuple[ApiKey, str]:
        """Store a new key; return it with its text, which cannot be had again."""
        key_id, secret = secrets.token_hex(_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
        key = ApiKey(
            key_id=key_id,
            owner=owner,
            name=name,
            scopes=frozenset(scopes),
            created_at=self._clock.now(),
            expires_at=expires_at,
        )
        self._records.create(
            Record(
                pk=_by_id(key_id),
                sk="key",
                data={**key_fields(key), "sha256": _digest(secret)},
                expires_at=expires_at,
            )
        )
        self._records.create(
            Record(pk=by_owner(owner), sk=f"key#{key_id}", data={}, expires_at=expires_at)
        )
        return key, f"{PREFIX}_{key_id}_{secret}"

    def of_owner(self, owner: str) -> list[ApiKey]:
        """Return an owner's keys, the newest first."""
        ids = [
            record.sk.removeprefix("key#")
            for record in self._records.below(by_owner(owner), "key#", limit=MAX_KEYS)
        ]
        found = [self._records.get(_by_id(key_id), "key") for key_id in ids]
        keys = [_key(record) for record in found if record is not None]
        return sorted(keys, key=lambda key: -key.created_at)

    def revoke(self, owner: str, key_id: str) -> bool:
        """Delete an owner's key; False when the owner has none of this id."""
        record = self._records.get(_by_id(key_id), "key") if known_form(key_id) else None
        if record is None or _key(record).owner != owner:
            return False
        self._records.delete(_by_id(key_id), "key")
        self._records.delete(by_owner(owner), f"key#{key_id}")
        with self._lock:
            self._verified.clear()
        return True

    def quick(self, text: str) -> Caller | None:
        """Return the caller of a key that was verified lately, without any call; else None."""
        with self._lock:
            kept = self._verified.get(_digest(text))
        if kept is None or self._clock.now() - kept[0] > KEPT_SECONDS:
            return None
        return self._caller(kept[1])

    def verify(self, text: str) -> Caller | None:
        """Return the caller of a key, or None for a wrong, expired or revoked one."""
        key_id, secret = _parts(text)
        record = self._records.get(_by_id(key_id), "key") if known_form(key_id) else None
        expected = str(record.data.get("sha256", "")) if record else ""
        if not hmac.compare_digest(_digest(secret), expected) or record is None:
            return None
        key = self._used(record)
        with self._lock:
            if len(self._verified) >= _KEPT_KEYS:
                self._verified.clear()
            self._verified[_digest(text)] = (self._clock.now(), key)
        return self._caller(key)

    def _used(self, record: Record) -> ApiKey:
        key, now = _key(record), self._clock.now()
        if key.last_used_at is not None and now - key.last_used_at < LAST_USE_SECONDS:
            return key
        used = replace(key, last_used_at=now)
        try:
            self._records.replace(replace(record, data={**record.data, **key_fields(used)}))
        except RecordConflictError:
            return key  # Another request has written its use, or it was revoked just now.
        return used

    def _caller(self, key: ApiKey) -> Caller | None:
        if key.expires_at is not None and key.expires_at <= self._clock.now():
            return None
        return Caller(owner=key.owner, scopes=key.scopes, key_id=key.key_id)


def _parts(text: str) -> tuple[str, str]:
    prefix, _, rest = text.partition("_")
    key_id, _, secret = rest.partition("_")
    return (key_id, secret) if prefix == PREFIX and secret else ("", "")


def _digest(text: str) -> str:
    # The secret is random and long, so a plain hash cannot be guessed back.
    return hashlib.sha256(text.encode()).hexdigest()


def _by_id(key_id: str) -> str:
    return f"key#{key_id}"


def key_fields(key: ApiKey) -> dict[str, Any]:
    """Return a key's fields as JSON values."""
    return {**asdict(key), "scopes": sorted(key.scopes)}


def _key(record: Record) -> ApiKey:
    data = {each.name: record.data[each.name] for each in fields(ApiKey)}
    return ApiKey(**{**data, "scopes": frozenset(map(Scope, data["scopes"]))})
