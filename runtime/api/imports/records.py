"""Imports as records: their states, and which instance works on one."""

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from runtime.api.identifiers import known_form
from runtime.core.clock import WallClock
from runtime.core.service_ports import Record, RecordConflictError, Records, by_owner

KEPT_SECONDS = 7 * 86_400.0
LEASE_SECONDS = 120.0
"""How long an instance may be silent before another one goes on with its import."""

ADDING_SECONDS = 900.0
"""A mark without its import is dropped when it is older; until then its import may follow."""

_ACTIVE, _MARK = "active-imports", "import#"


class ImportState(StrEnum):
    """Where an import is; after `done`, its job goes on."""

    PENDING = "pending"
    DOWNLOADING_METADATA = "downloading_metadata"
    DOWNLOADING = "downloading"
    MERGING = "merging"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({ImportState.DONE, ImportState.FAILED, ImportState.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One import; `validator` is the remote file's ETag, by which a download is resumed."""

    import_id: str
    owner: str
    url: str
    key: str
    metadata: Mapping[str, str]
    created_at: float
    updated_at: float
    state: ImportState = ImportState.PENDING
    bytes_done: int = 0
    total_bytes: int | None = None
    content_type: str | None = None
    validator: str | None = None
    multipart_id: str | None = None
    part_size: int = 0
    worker: str | None = None
    lease_until: float = 0.0
    tries: int = 0
    job_id: str | None = None
    error_code: str | None = None
    error: str | None = None
    remedy: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class Claimed:
    """An import that this instance works on, at the version that it wrote last."""

    value: Import
    record: Record


class ImportLostError(Exception):
    """Another instance or the owner has changed the import: stop working on it."""


class Imports:
    """Imports in a table, by owner; one more record marks each that has not ended."""

    def __init__(self, records: Records, *, clock: WallClock) -> None:
        self._records = records
        self._clock = clock

    def add(self, owner: str, *, url: str, name: str, metadata: Mapping[str, str]) -> Import:
        """Store a new import."""
        now, import_id = self._clock.now(), secrets.token_hex(16)
        new = Import(
            import_id=import_id,
            owner=owner,
            url=url,
            key=f"uploads/{import_id}/{name}",
            metadata=metadata,
            created_at=now,
            updated_at=now,
        )
        # The mark comes first: one without its import is dropped in time.
        self._records.create(
            Record(
                pk=_ACTIVE,
                sk=_MARK + import_id,
                data={"owner": owner},
                expires_at=now + KEPT_SECONDS,
            )
        )
        self._records.create(_record(new))
        return new

    def find(self, owner: str, import_id: str) -> Claimed | None:
        """Return an owner's import as recorded, or None."""
        if not known_form(import_id):
            return None
        record = self._records.get(by_owner(owner), f"import#{import_id}")
        return None if record is None else Claimed(_import(record.data), record)

    def of_owner(self, owner: str, *, limit: int) -> list[Import]:
        """Return an owner's imports, the newest first."""
        found = self._records.below(by_owner(owner), "import#", limit=limit)
        return sorted((_import(each.data) for each in found), key=lambda each: -each.created_at)

    def claim_next(self, worker: str) -> Claimed | None:
        """Claim an import that no living instance works on, or None."""
        now = self._clock.now()
        for mark in self._marks():
            found = self.find(str(mark.data["owner"]), mark.sk.removeprefix(_MARK))
            if found is None:
                if (mark.expires_at or 0.0) - KEPT_SECONDS + ADDING_SECONDS <= now:
                    self._records.delete(_ACTIVE, mark.sk)
                continue
            if found.value.ended:
                self._records.delete(_ACTIVE, mark.sk)
                continue
            if found.value.lease_until > now:
                continue
            with suppress(ImportLostError):
                return self.save(
                    found,
                    replace(
                        found.value,
                        worker=worker,
                        lease_until=now + LEASE_SECONDS,
                        tries=found.value.tries + 1,
                    ),
                )
        return None

    def save(self, claimed: Claimed, after: Import) -> Claimed:
        """Store a change; raise `ImportLostError` when it was changed elsewhere."""
        after = replace(after, updated_at=self._clock.now())
        try:
            written = self._records.replace(replace(_record(after), version=claimed.record.version))
        except RecordConflictError as error:
            raise ImportLostError(after.import_id) from error
        if after.ended:
            self._records.delete(_ACTIVE, _MARK + after.import_id)
        return Claimed(after, written)

    def _marks(self) -> Sequence[Record]:
        return self._records.below(_ACTIVE, _MARK, limit=200)


def _record(each: Import) -> Record:
    return Record(
        pk=by_owner(each.owner),
        sk=f"import#{each.import_id}",
        data=asdict(each),
        expires_at=each.created_at + KEPT_SECONDS,
    )


def _import(data: Mapping[str, Any]) -> Import:
    return Import(**{**data, "state": ImportState(data["state"])})
