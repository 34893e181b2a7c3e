"""Polls the work queue in a thread of its own, so that a stop need not wait for a poll to end."""

import queue
import threading

from runtime.core.ports import WorkMessage, WorkQueue

POLL_SECONDS = 20


class _Interrupted:
    """Wakes who waits for a message."""


Answer = WorkMessage | Exception | _Interrupted | None


class Inbox:
    """One poll at a time, and only when asked: a busy worker takes no second message.

    `next` and `leftover` belong to one thread, `interrupt` to any.
    """

    def __init__(self, work: WorkQueue, *, poll_seconds: int = POLL_SECONDS) -> None:
        """Poll `work`, each time for so long; nothing happens before `next`."""
        self._work = work
        self._poll_seconds = poll_seconds
        self._asks: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._polling = False
        self._thread = threading.Thread(target=self._poll, name="inbox", daemon=True)
        self.polls = 0

    def next(self) -> WorkMessage | None:
        """Return what a poll brought; None when that is nothing, or when interrupted.

        Raises what the poll raised.
        """
        if not self._thread.is_alive():
            self._thread.start()
        if not self._polling:
            self._polling = True
            self._asks.put(item=True)
        return self._taken(self._answers.get())

    def interrupt(self) -> None:
        """Have `next` return now, or the next time it is called."""
        self._answers.put(_Interrupted())

    def leftover(self, seconds: float) -> WorkMessage | None:
        """Return what a poll that is still under way brings within so long, None for nothing.

        Called when nobody wants messages any more. What comes later than this is hidden until the
        queue's visibility timeout has passed.
        """
        while self._polling:
            try:
                taken = self._taken(self._answers.get(timeout=seconds))
            except queue.Empty:
                return None
            if taken is not None:
                return taken
        return None

    def close(self) -> None:
        """Poll no more once a poll that is under way has ended."""
        self._asks.put(item=False)

    def _taken(self, answer: Answer) -> WorkMessage | None:
        if isinstance(answer, _Interrupted):
            return None
        self._polling = False
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _poll(self) -> None:
        while self._asks.get():
            try:
                answer: Answer = self._work.receive(self._poll_seconds)
            except Exception as error:  # noqa: BLE001 - raised again in the thread that asked
                answer = error
            self.polls += 1
            self._answers.put(answer)
