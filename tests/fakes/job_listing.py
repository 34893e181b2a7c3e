"""Listings of the jobs in a fake store, in the order of the real indexes."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from runtime.core.jobs import Job
from runtime.core.service_ports import NO_FILTER, JobFilter, JobPage, ListPosition
from tests.fakes.jobs import InMemoryJobStore


class InMemoryJobListing:
    def __init__(self, store: InMemoryJobStore) -> None:
        self._store = store

    def of_owner(
        self,
        owner: str,
        *,
        limit: int,
        matching: JobFilter = NO_FILTER,
        after: ListPosition | None = None,
    ) -> JobPage:
        self._store.before_call("of_owner")
        jobs = sorted(
            (job for job in self._store.jobs.values() if _matches(job, owner, matching)),
            key=_order,
            reverse=not matching.oldest_first,
        )
        if after is not None:
            place = (after.created_at, after.job_id)
            forward = matching.oldest_first
            jobs = [
                job for job in jobs if (_order(job) > place if forward else _order(job) < place)
            ]
        page = jobs[:limit]
        more = len(jobs) > limit
        return JobPage(
            jobs=page,
            next_position=(
                ListPosition(created_at=page[-1].created_at, job_id=page[-1].job_id)
                if more
                else None
            ),
        )

    def changed_since(self, when: float) -> Iterator[Job]:
        self._store.before_call("changed_since")
        return iter(
            [job for job in self._store.jobs.values() if job.updated_at >= when and not job.erasing]
        )


def _order(job: Job) -> tuple[float, str]:
    return job.created_at, job.job_id


def _matches(job: Job, owner: str, matching: JobFilter) -> bool:
    name = PurePosixPath(job.source.key).name
    return (
        job.submission.owner == owner
        and not job.erasing
        and (not matching.states or job.state in matching.states)
        and matching.text.casefold() in f"{job.submission.title or ''}\n{name}".casefold()
        and (matching.since is None or job.created_at >= matching.since)
        and (matching.until is None or job.created_at <= matching.until)
    )
