"""The reasons to end a job early: a stop of this process, or the job's deadline."""

import threading
from collections.abc import Callable

from runtime.core.clock import MonotonicClock
from runtime.core.errors import Permanent

STOPPING = "worker.stopping"
"""The reason when the platform ends this process."""


class StopRequestedError(Exception):
    """This process must stop the job, which is requeued and resumed elsewhere.

    `why` is the reason's dotted code.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Interruption:
    """Decides whether the work may go on; safe to share between threads.

    `find_stop_reason` returns a dotted code when the job must stop now, else None. The deadline
    starts with the object and is measured on the monotonic clock.
    """

    def __init__(
        self,
        *,
        clock: MonotonicClock,
        timeout_seconds: float,
        find_stop_reason: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._deadline = clock.monotonic() + timeout_seconds
        self._find_stop_reason = find_stop_reason
        self._stop = threading.Event()

    def request_stop(self) -> None:
        """Ask the work to stop at its next step."""
        self._stop.set()

    @property
    def stop_reason(self) -> str | None:
        """Why the work must stop, None while it may go on."""
        return STOPPING if self._stop.is_set() else self._find_stop_reason()

    @property
    def stop_requested(self) -> bool:
        """Whether the work must stop."""
        return self.stop_reason is not None

    @property
    def overdue(self) -> bool:
        """Whether the deadline has passed."""
        return self._clock.monotonic() >= self._deadline

    def overdue_error(self) -> Permanent:
        """Return the failure of an overdue job: the same video would take as long again."""
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
