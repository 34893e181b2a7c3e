"""Records of the service in memory, with the conditional writes of the DynamoDB adapter."""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from runtime.core.clock import WallClock
from runtime.core.service_ports import Record, RecordConflictError


class InMemoryRecords:
    """`before_call` receives the name of each call, and may raise in its place."""

    def __init__(self, clock: WallClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._records: dict[tuple[str, str], Record] = {}
        self.before_call: Callable[[str], object] = lambda _name: None

    def get(self, pk: str, sk: str) -> Record | None:
        self.before_call("get")
        with self._lock:
            return self._living(pk, sk)

    def create(self, record: Record) -> Record:
        self.before_call("create")
        with self._lock:
            if self._living(record.pk, record.sk) is not None:
                raise RecordConflictError(f"{record.pk} {record.sk}")
            return self._write(record, 1)

    def replace(self, record: Record) -> Record:
        self.before_call("replace")
        with self._lock:
            existing = self._records.get((record.pk, record.sk))
            if existing is None or existing.version != record.version:
                raise RecordConflictError(f"{record.pk} {record.sk}")
            return self._write(record, record.version + 1)

    def delete(self, pk: str, sk: str) -> None:
        self.before_call("delete")
        with self._lock:
            self._records.pop((pk, sk), None)

    def stored(self, pk: str) -> list[Record]:
        self.before_call("stored")
        with self._lock:
            return [record for (found, _), record in sorted(self._records.items()) if found == pk]

    def dump(self) -> list[Record]:
        """Return all that is stored."""
        return list(self._records.values())

    def below(
        self,
        pk: str,
        prefix: str,
        *,
        limit: int = 100,
        after: str | None = None,
        newest_first: bool = False,
    ) -> Sequence[Record]:
        self.before_call("below")
        with self._lock:
            names = sorted(
                (sk for found, sk in self._records if found == pk and sk.startswith(prefix)),
                reverse=newest_first,
            )
            if after is not None:
                names = [sk for sk in names if (sk < after if newest_first else sk > after)]
            living = (self._living(pk, sk) for sk in names)
            return [record for record in living if record is not None][:limit]

    def _living(self, pk: str, sk: str) -> Record | None:
        record = self._records.get((pk, sk))
        if record is None or record.expires_at is None:
            return record
        return None if record.expires_at <= self._clock.now() else record

    def _write(self, record: Record, version: int) -> Record:
        # Through JSON, as it is stored.
        written = replace(record, version=version, data=json.loads(json.dumps(record.data)))
        self._records[record.pk, record.sk] = written
        return written
