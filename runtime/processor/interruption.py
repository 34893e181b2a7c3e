"""What ends a job from outside its own work: a stop signal, or the job's deadline."""

import signal
import threading
from types import FrameType

from runtime.core.clock import MonotonicClock
from runtime.core.errors import Permanent


class StopRequestedError(Exception):
    """The platform asked this process to end; the job goes back and is resumed elsewhere."""


class Interruption:
    """Asked between any two steps of work whether to go on."""

    def __init__(self, *, clock: MonotonicClock, timeout_seconds: float) -> None:
        """Start the deadline now; it is measured on the monotonic clock."""
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._deadline = clock.monotonic() + timeout_seconds
        self._stop = threading.Event()

    def request_stop(self) -> None:
        """Ask the work to stop at its next step; safe in a signal handler."""
        self._stop.set()

    @property
    def stop_requested(self) -> bool:
        """Whether somebody asked the work to stop."""
        return self._stop.is_set()

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

        Raises `StopRequestedError` after a stop request, and `Permanent` past the deadline.
        """
        if self.stop_requested:
            raise StopRequestedError
        if self.overdue:
            raise self.overdue_error()


def stop_on_signals(interruption: Interruption) -> None:
    """Have SIGTERM and SIGINT request a stop, and nothing else."""

    def handle(_signal: int, _frame: FrameType | None) -> None:
        interruption.request_stop()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
