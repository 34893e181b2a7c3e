"""The log of reads: who did what with which job, through the API and the pages.

The same action of a caller on a job is recorded once an hour, which bounds the cost.
"""

import hashlib
from contextlib import suppress

from pydantic import BaseModel

from runtime.api.identity import Caller
from runtime.core.clock import WallClock
from runtime.core.errors import LifestreamError
from runtime.core.log import Log
from runtime.core.recent import Recent
from runtime.core.service_ports import Record, RecordConflictError, Records

HOUR = 3600
DAY = 86_400.0
REMEMBERED = 20_000
"""How many of its own records a process remembers."""


class ReadModel(BaseModel):
    """Who did what with a job, in the hour that begins at `at` (seconds since the epoch)."""

    at: float
    owner: str
    key_id: str | None
    action: str


class ReadLog:
    """Records of reads by job; without a table nothing is recorded."""

    def __init__(self, records: Records | None, *, days: int, clock: WallClock, log: Log) -> None:
        self._records = records
        self._days = days
        self._clock = clock
        self._log = log
        self._made: Recent[tuple[str, str], Record] = Recent(REMEMBERED)

    def note(self, caller: Caller, job_id: str) -> None:
        """Record what a caller does; a failure is logged and does not refuse the request."""
        if self._records is None:
            return
        hour = int(self._clock.now() // HOUR) * HOUR
        who = f"{caller.owner}\0{caller.key_id or ''}\0{caller.action}"
        sk = f"{hour:012d}#{hashlib.sha256(who.encode()).hexdigest()[:16]}"
        if self._made.get((job_id, sk)) is not None:
            return
        record = Record(
            pk=_of_job(job_id),
            sk=sk,
            data={"owner": caller.owner, "key_id": caller.key_id, "action": caller.action},
            expires_at=hour + self._days * DAY,
        )
        try:
            # Another process may have recorded the same.
            with suppress(RecordConflictError):
                self._records.create(record)
        except LifestreamError as error:
            self._log.error("reads.not_recorded", code=error.code, error=error.summary)
            return
        self._made.put((job_id, sk), record)

    def of_job(
        self, job_id: str, *, limit: int, after: str | None
    ) -> tuple[list[ReadModel], str | None]:
        """Return a job's records, the newest first, and where the next page begins."""
        if self._records is None:
            return [], None
        found = self._records.below(
            _of_job(job_id), "", limit=limit + 1, after=after, newest_first=True
        )
        page = found[:limit]
        return [_read(each) for each in page], page[-1].sk if len(found) > limit else None


def _of_job(job_id: str) -> str:
    return f"job#{job_id}"


def _read(record: Record) -> ReadModel:
    return ReadModel(at=float(record.sk.partition("#")[0]), **record.data)
