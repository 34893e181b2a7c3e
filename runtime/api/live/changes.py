"""Which jobs of a poll are news; a pure memory of what was seen lately."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from runtime.core.jobs import Job, State

OVERLAP_SECONDS = 15.0
"""How far back each poll looks: clocks of writers differ, and the index lags behind the record."""

_ORDER = tuple(State)


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

    The index may show an older state for a moment; attempt and time distinguish them, and for two
    changes at the same time the order in which an attempt takes its states.
    """
    return _age(job) > _age(than)


def _age(job: Job) -> tuple[int, float, int]:
    return job.attempt, job.updated_at, _ORDER.index(job.state)
