"""Extends the message's visibility timeout while the job runs."""

from collections.abc import Callable

from runtime.core.errors import LifestreamError, Retryable
from runtime.core.log import Log
from runtime.core.periodic_thread import PeriodicThread
from runtime.core.ports import WorkMessage, WorkQueue

BEATS_IN_A_TIMEOUT = 3
"""Two extensions in a row may fail before other workers see the message."""


class VisibilityExtender(PeriodicThread):
    """Extends a message's visibility timeout inside its context.

    `abort` is called with a reason if the thread dies, and must stop the process. After an error
    that is not retryable the thread ends: the next receiver of the message learns from the job's
    record that the job has an owner.
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
        super().__init__("message-hold", every_seconds=visibility_seconds / BEATS_IN_A_TIMEOUT)
        self._work = work
        self._message = message
        self._visibility_seconds = visibility_seconds
        self._log = log
        self._abort = abort

    def once(self) -> bool:
        """Extend once; return whether to go on."""
        try:
            self._work.hide(self._message, self._visibility_seconds)
        except Retryable as error:
            self._log.warning("worker.hold_failed", code=error.code, reason=error.summary)
        except LifestreamError as error:
            self._log.warning("worker.hold_lost", code=error.code, reason=error.summary)
            return False
        return True

    def died(self, error: Exception) -> None:
        """Abort: the message is no longer extended."""
        self._log.error("worker.hold_died", error=repr(error))
        self._abort(f"the thread that holds the job's message died: {error!r}")
