"""Which jobs of a poll are news; a pure memory of what was seen lately."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from runtime.core.jobs import Job

OVERLAP_SECONDS = 15.0
"""How far back each poll looks: clocks of writers differ, and the index lags behind the record."""


def event_id(job: Job) -> int:
    """Return the id of the event that shows this job: its last change in milliseconds."""
    return int(job.updated_at * 1000)


@dataclass(slots=True)
class SeenJobs:
    """Remembers the last state of each job that a poll has shown."""

    _seen: dict[str, Job] = field(default_factory=dict)

    def news(self, jobs: Iterable[Job], *, since: float) -> list[Job]:
        """Return the jobs that are newer than what was seen, and forget those before `since`."""
        fresh = []
        for job in jobs:
            seen = self._seen.get(job.job_id)
            if seen is None or is_newer(job, seen):
                self._seen[job.job_id] = job
                fresh.append(job)
        self._seen = {key: job for key, job in self._seen.items() if job.updated_at >= since}
        return sorted(fresh, key=event_id)


def is_newer(job: Job, than: Job) -> bool:
    """Return whether `job` is a later state of the same job.

    The index may show an older state for a moment; the attempt and the time tell them apart.
    """
    return (job.attempt, job.updated_at) > (than.attempt, than.updated_at) or (
        (job.attempt, job.updated_at) == (than.attempt, than.updated_at)
        and job.state is not than.state
        and job.ended
    )
