"""Polls the work queue in its own thread, so that a stop need not wait for a poll to end."""

import queue
import threading

from runtime.core.ports import WorkMessage, WorkQueue

POLL_SECONDS = 20


class _Interrupted:
    """Wakes the thread that waits for a message."""


Reply = WorkMessage | Exception | _Interrupted | None


class Inbox:
    """Polls once for each request: a busy worker receives no second message.

    `next` and `leftover` belong to one thread, `interrupt` to any.
    """

    def __init__(self, work: WorkQueue, *, poll_seconds: int = POLL_SECONDS) -> None:
        self._work = work
        self._poll_seconds = poll_seconds
        self._requests: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._replies: queue.SimpleQueue[Reply] = queue.SimpleQueue()
        self._polling = False
        self._thread = threading.Thread(target=self._poll, name="inbox", daemon=True)
        self.polls = 0

    def next(self) -> WorkMessage | None:
        """Return the message of one poll, None without one or when interrupted.

        Raises what the poll raised.
        """
        if not self._thread.is_alive():
            self._thread.start()
        if not self._polling:
            self._polling = True
            self._requests.put(item=True)
        return self._accept(self._replies.get())

    def interrupt(self) -> None:
        """Make `next` return now, or at its next call."""
        self._replies.put(_Interrupted())

    def leftover(self, seconds: float) -> WorkMessage | None:
        """Return the message that a poll under way receives within `seconds`, None without one.

        A message that comes later stays hidden until the queue's visibility timeout has passed.
        """
        while self._polling:
            try:
                taken = self._accept(self._replies.get(timeout=seconds))
            except queue.Empty:
                return None
            if taken is not None:
                return taken
        return None

    def close(self) -> None:
        """End the thread after the poll under way."""
        self._requests.put(item=False)

    def _accept(self, reply: Reply) -> WorkMessage | None:
        if isinstance(reply, _Interrupted):
            return None
        self._polling = False
        if isinstance(reply, Exception):
            raise reply
        return reply

    def _poll(self) -> None:
        while self._requests.get():
            try:
                reply: Reply = self._work.receive(self._poll_seconds)
            except Exception as error:  # noqa: BLE001 - raised again in the thread that requested the poll
                reply = error
            self.polls += 1
            self._replies.put(reply)
