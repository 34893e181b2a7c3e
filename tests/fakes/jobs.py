"""A job store in memory, with the same conditional writes as the DynamoDB adapter."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from runtime.aws.job_items import RETENTION_SECONDS
from runtime.core.contract import IdempotencyTable
from runtime.core.errors import Permanent
from runtime.core.jobs import Hold, Job, State
from runtime.core.ports import OnUnreadable, StaleWriteError


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    job_id: str
    status: str
    result_s3_key: str | None = None


class InMemoryJobStore:
    """`jobs` (by job id) and `idempotency` (by object id) are open to tests.

    `before_call` gets the name of each call, and may raise in its place. `unreadable` are the
    errors of records that a listing comes upon.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.jobs: dict[str, Job] = {}
        self.idempotency: dict[str, IdempotencyRecord] = {}
        self.saved: list[Job] = []
        self.unreadable: list[Permanent] = []
        self.before_call: Callable[[str], object] = lambda _name: None

    def get(self, job_id: str) -> Job | None:
        self.before_call("get")
        with self._lock:
            return self.jobs.get(job_id)

    def create(self, job: Job) -> Job | None:
        self.before_call("create")
        with self._lock:
            there = self.jobs.get(job.job_id)
            expired = there is not None and there.updated_at + RETENTION_SECONDS <= job.updated_at
            if there is not None and not expired:
                return there
            if not expired and job.source.object_id in self.idempotency:
                raise Permanent(
                    "jobs.orphan_record",
                    f"{job.source.object_id} was dispatched before, but its job is gone.",
                    "Delete the idempotency record to have it processed again.",
                )
            self.jobs[job.job_id] = job
            self.idempotency[job.source.object_id] = IdempotencyRecord(
                job_id=job.job_id, status=IdempotencyTable.DISPATCHED
            )
            self.saved.append(job)
            return None

    def save(self, before: Job, after: Job) -> None:
        self.before_call("save")
        with self._lock:
            there = self.jobs.get(before.job_id)
            if there is None or _fence(there) != _fence(before):
                raise StaleWriteError(f"job {before.job_id} is no longer {_fence(before)}")
            self.jobs[after.job_id] = after
            self.saved.append(after)
            if after.state is State.SUCCEEDED:
                self.idempotency[after.source.object_id] = IdempotencyRecord(
                    job_id=after.job_id,
                    status=IdempotencyTable.PROCESSED,
                    result_s3_key=after.result_key,
                )

    def delete(self, job: Job) -> None:
        self.before_call("delete")
        with self._lock:
            there = self.jobs.get(job.job_id)
            if there is not None and (there.state, there.attempt) != (job.state, job.attempt):
                raise StaleWriteError(f"job {job.job_id} is not {job.state}")
            self.jobs.pop(job.job_id, None)
            self.idempotency.pop(job.source.object_id, None)

    def in_state(
        self,
        state: State,
        *,
        newest_first: bool = False,
        on_unreadable: OnUnreadable | None = None,
    ) -> Iterable[Job]:
        with self._lock:
            found = [job for job in self.jobs.values() if job.state is state]
        for error in self.unreadable:
            if on_unreadable is None:
                raise error
            on_unreadable(error)
        return iter(sorted(found, key=lambda job: job.updated_at, reverse=newest_first))


def _fence(job: Job) -> tuple[State, int, str | None, Hold | None]:
    return job.state, job.attempt, job.result_key, job.hold
