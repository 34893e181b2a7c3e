"""Follows one job from upload to its end and yields each change of its record."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from runtime.core.clock import MonotonicClock, Sleeper
from runtime.core.jobs import Job, State

STATE_DESCRIPTIONS = {
    State.PENDING: "waiting for a new attempt",
    State.CLAIMED: "starting a task",
    State.LAUNCHED: "starting a task",
    State.RUNNING: "running",
    State.SUCCEEDED: "done",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
    State.ERASING: "being erased",
}


def describe_state(job: Job) -> str:
    """Say in a few words what the job's state means."""
    return "waits in the work queue" if job.queued else STATE_DESCRIPTIONS[job.state]


class FollowClock(MonotonicClock, Sleeper, Protocol):
    """The two clocks that following needs."""


class JobStalledError(Exception):
    """The job's record did not change for longer than allowed."""


@dataclass(frozen=True, slots=True)
class JobUpdate:
    """The job as read (None: no record yet) and the seconds since following began."""

    job: Job | None
    elapsed_seconds: float

    @property
    def label(self) -> str:
        """What the job is doing, in a few words."""
        if self.job is None:
            return "waiting for the dispatcher"
        if self.job.state is State.RUNNING and self.job.stage:
            return self.job.stage
        return describe_state(self.job)

    @property
    def progress(self) -> float:
        """Overall progress from 0 to 1."""
        return self.job.progress if self.job else 0.0


def follow(
    read: Callable[[], Job | None],
    *,
    clock: FollowClock,
    silence_seconds: float,
    poll_seconds: float = 0.5,
) -> Iterator[JobUpdate]:
    """Yield an update whenever the job has changed, the last one with the job ended.

    Raises `JobStalledError` when its record does not change for `silence_seconds`: a processor
    reports more often than that as long as it lives. A job in a work queue may wait for ever.
    """
    began = heard = clock.monotonic()
    last: Job | None = None
    yield JobUpdate(None, 0.0)
    while True:
        job = read()
        now = clock.monotonic()
        if job != last:
            heard, last = now, job
            yield JobUpdate(job, now - began)
            if job is not None and job.ended:
                return
        elif now - heard > silence_seconds and not (job is not None and job.queued):
            raise JobStalledError(
                f"nothing was heard of the job for {silence_seconds:.0f} s; "
                f"it was last seen {JobUpdate(last, now - began).label}"
            )
        clock.sleep(poll_seconds)
