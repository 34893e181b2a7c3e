"""Keeps a message hidden from other workers while its job is worked on."""

from collections.abc import Callable

from runtime.core.errors import LifestreamError, Retryable
from runtime.core.log import Log
from runtime.core.periodic_thread import PeriodicThread
from runtime.core.ports import WorkMessage, WorkQueue

BEATS_IN_A_TIMEOUT = 3
"""So that two in a row may fail without the message being seen by others."""


class VisibilityExtender(PeriodicThread):
    """Extends a message's visibility timeout for as long as its context lasts.

    `abort` is called with a sentence if the thread dies: it must stop the process. A message that
    can no longer be held is let go: the job's record says who owns it, and whoever receives the
    message next finds that out.
    """

    def __init__(
        self,
        work: WorkQueue,
        message: WorkMessage,
        *,
        visibility_seconds: int,
        log: Log,
        abort: Callable[[str], None],
    ) -> None:
        """Hold a message that was just received."""
        super().__init__("message-hold", every_seconds=visibility_seconds / BEATS_IN_A_TIMEOUT)
        self._work = work
        self._message = message
        self._visibility_seconds = visibility_seconds
        self._log = log
        self._abort = abort

    def once(self) -> bool:
        """Extend once; return whether there is any use in going on."""
        try:
            self._work.hide(self._message, self._visibility_seconds)
        except Retryable as error:
            self._log.warning("worker.hold_failed", code=error.code, reason=error.summary)
        except LifestreamError as error:
            self._log.warning("worker.hold_lost", code=error.code, reason=error.summary)
            return False
        return True

    def died(self, error: Exception) -> None:
        """End the process: nobody holds the message now."""
        self._log.error("worker.hold_died", error=repr(error))
        self._abort(f"the thread that holds the job's message died: {error!r}")
