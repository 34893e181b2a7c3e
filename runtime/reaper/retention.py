"""Has recordings erased whose days to keep are over, as their uploader asked."""

from collections.abc import Callable
from dataclasses import dataclass

from runtime.core.clock import WallClock
from runtime.core.erasure import DAY
from runtime.core.errors import Permanent
from runtime.core.jobs import ENDED, Job, State, erase
from runtime.core.ports import JobStore, StaleWriteError
from runtime.core.spans import about
from runtime.core.telemetry import Telemetry

RESERVE_SECONDS = 30.0
"""Time that must be left to look at one more job."""


def is_due(job: Job, *, now: float) -> bool:
    """Return whether a job is to be erased: it has ended so many days ago, nothing holds it."""
    days = job.options.keep_days
    if days is None or job.hold is not None or not job.ended or job.erasing:
        return False
    return now >= job.updated_at + days * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Begins erasures; the eraser carries them out."""

    jobs: JobStore
    clock: WallClock
    telemetry: Telemetry

    def run(self, remaining_seconds: Callable[[], float]) -> None:
        """Begin the erasure of every job that is due, as far as time allows."""

        def unreadable(error: Permanent) -> None:
            self.telemetry.log.error("retention.unreadable_record", error=str(error))

        for state in sorted(ENDED - {State.ERASING}):
            for job in self.jobs.in_state(state, on_unreadable=unreadable):
                if remaining_seconds() < RESERVE_SECONDS:
                    self.telemetry.log.warning("retention.out_of_time")
                    return
                if is_due(job, now=self.clock.now()):
                    self._begin(job)

    def _begin(self, listed: Job) -> None:
        """Begin one erasure; the index may lag, so the record decides."""
        job = self.jobs.get(listed.job_id)
        now = self.clock.now()
        if job is None or not is_due(job, now=now):
            return
        try:
            self.jobs.save(job, erase(job, now=now))
        except StaleWriteError:
            return  # It changed at this moment; the next run looks again.
        self.telemetry.log.info("retention.due", **about(job.job_id), days=job.options.keep_days)
