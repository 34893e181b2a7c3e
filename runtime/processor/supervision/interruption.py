"""What ends a job from outside its own work: this process has to go, or the job's deadline."""

import threading
from collections.abc import Callable

from runtime.core.clock import MonotonicClock
from runtime.core.errors import Permanent

STOPPING = "worker.stopping"
"""Why a job is put down when the platform ends this process."""


class StopRequestedError(Exception):
    """This process must put the job down; it goes back and is resumed elsewhere."""

    def __init__(self, why: str) -> None:
        """Keep the reason's dotted code."""
        super().__init__(why)
        self.why = why


def go_on() -> str | None:
    """Return that there is no reason to leave."""
    return None


class Interruption:
    """Asked between any two steps of work whether to go on; safe to ask from any thread.

    `find_stop_reason` returns why the job has to be put down now, a dotted code, or None.
    """

    def __init__(
        self,
        *,
        clock: MonotonicClock,
        timeout_seconds: float,
        find_stop_reason: Callable[[], str | None] = go_on,
    ) -> None:
        """Start the deadline now; it is measured on the monotonic clock."""
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._deadline = clock.monotonic() + timeout_seconds
        self._must_leave = find_stop_reason
        self._stop = threading.Event()

    def request_stop(self) -> None:
        """Ask the work to stop at its next step."""
        self._stop.set()

    @property
    def stop_reason(self) -> str | None:
        """Why the work must stop, None while it may go on."""
        return STOPPING if self._stop.is_set() else self._must_leave()

    @property
    def stop_requested(self) -> bool:
        """Whether the work must stop."""
        return self.stop_reason is not None

    @property
    def overdue(self) -> bool:
        """Whether the deadline has passed."""
        return self._clock.monotonic() >= self._deadline

    def overdue_error(self) -> Permanent:
        """Return why a job that is overdue has failed: the same video would take as long again."""
        return Permanent(
            "job.deadline_exceeded",
            f"The job was not done after {self._timeout_seconds:.0f} seconds of processing.",
            "Upload a shorter video, or raise the job timeout in environments/<name>.toml "
            "and deploy.",
        )

    def check(self) -> None:
        """Return if the work may go on.

        Raises `StopRequestedError` when it must stop, and `Permanent` past the deadline.
        """
        why = self.stop_reason
        if why is not None:
            raise StopRequestedError(why)
        if self.overdue:
            raise self.overdue_error()
