"""Finds a thread whose start never returns, because the new thread had no memory to begin.

CPython waits for ever for such a thread (python/cpython#140746).
"""

import threading

from runtime.core.clock import MonotonicClock

START_SECONDS = 30.0
"""Far longer than a thread needs to begin on a busy machine."""


class ThreadStarts:
    """Remembers since when threads of this process have been starting."""

    def __init__(self, clock: MonotonicClock) -> None:
        self._clock = clock
        self._since: dict[threading.Thread, float] = {}

    def hang(self) -> bool:
        """Return whether a thread has been starting for too long; call it now and then."""
        now = self._clock.monotonic()
        starting = [thread for thread in threading.enumerate() if not thread.is_alive()]
        self._since = {thread: self._since.get(thread, now) for thread in starting}
        return any(now - since >= START_SECONDS for since in self._since.values())
