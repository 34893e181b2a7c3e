"""Threads that work on a queue beside the routes."""

from collections.abc import Callable

from runtime.api.repeating_threads import RepeatingThreads
from runtime.core.clock import Sleeper
from runtime.core.errors import LifestreamError
from runtime.core.log import Log
from runtime.core.ports import WorkQueue

POLL_SECONDS = 20
PAUSE_SECONDS = 5.0
"""After a queue that does not answer."""


class QueueWorkers:
    """`count` daemon threads that hand each message to `work` and then delete it.

    A message whose work failed comes back after its visibility timeout, and at last becomes a dead
    letter.
    """

    def __init__(
        self,
        queue: WorkQueue,
        work: Callable[[str], None],
        *,
        count: int,
        sleeper: Sleeper,
        log: Log,
    ) -> None:
        self._queue = queue
        self._work = work
        self._log = log
        self._threads = RepeatingThreads(
            self.step,
            name="webhooks",
            count=count,
            failed="background.queue_failed",
            pause=lambda: sleeper.sleep(PAUSE_SECONDS),
            log=log,
        )

    def start(self) -> None:
        """Start the threads."""
        self._threads.start()

    def stop(self) -> None:
        """Take no further message; one that is being worked on comes back if it is cut off."""
        self._threads.stopping.set()

    def step(self) -> bool:
        """Work on one message; False when there was none."""
        message = self._queue.receive(POLL_SECONDS)
        if message is None:
            return False
        try:
            self._work(message.body)
        except LifestreamError as error:
            self._log.warning(
                "background.failed", code=error.code, error=error.summary, receives=message.receives
            )
            return True
        self._queue.delete(message)
        return True
