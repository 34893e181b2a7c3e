"""The records of the service tier that name a job."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from runtime.core.erasure import JobNames
from runtime.core.service_ports import Record, Records, by_owner

_ACTIVE_IMPORTS = "active-imports"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTraces:
    """Finds and deletes them in the tables of uploads, of webhooks and of reads."""

    uploads: Records
    webhooks: Records
    reads: Records | None = None

    def count(self, names: JobNames) -> int:
        """Return how many records name the job."""
        return sum(1 for _ in self._found(names))

    def erase(self, names: JobNames) -> int:
        """Delete the records that name the job; return how many there were."""
        found = list(self._found(names))
        for table, record in found:
            table.delete(record.pk, record.sk)
        return len(found)

    def _found(self, names: JobNames) -> Iterator[tuple[Records, Record]]:
        transfer, owner = names.transfer_id, names.job.submission.owner
        if transfer is not None:
            yield from _all(self.uploads, f"upload#{transfer}")
            marks = self.uploads.stored(_ACTIVE_IMPORTS)
            yield from ((self.uploads, mark) for mark in marks if transfer in mark.sk)
        if self.reads is not None:
            yield from _all(self.reads, f"job#{names.job.job_id}")
        if owner is None:
            return
        # Imports, kept answers to repeated requests, and whatever else an owner's records say.
        yield from _naming(self.uploads, self.uploads.stored(by_owner(owner)), names)
        for endpoint in self.webhooks.stored(by_owner(owner)):
            deliveries = self.webhooks.stored(endpoint.sk)
            yield from _naming(self.webhooks, deliveries, names)


def _all(table: Records, pk: str) -> Iterator[tuple[Records, Record]]:
    return ((table, record) for record in table.stored(pk))


def _naming(
    table: Records, records: Iterable[Record], names: JobNames
) -> Iterator[tuple[Records, Record]]:
    for record in records:
        if names.named_in(f"{record.sk}\n{json.dumps(record.data, ensure_ascii=False)}"):
            yield table, record
