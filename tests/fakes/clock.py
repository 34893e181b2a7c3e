"""A clock that moves only by `advance`, or when a caller sleeps on it."""

import threading


class FakeClock:
    """Wall clock, monotonic clock and sleeper in one; starts at a fixed, visibly fake time."""

    def __init__(self, *, now: float = 1_000_000.0) -> None:
        self._lock = threading.Lock()
        self._now = now
        self._monotonic = 0.0
        self.slept: list[float] = []

    def now(self) -> float:
        with self._lock:
            return self._now

    def monotonic(self) -> float:
        with self._lock:
            return self._monotonic

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass on both clocks."""
        with self._lock:
            self._now += seconds
            self._monotonic += seconds

    def set_wall(self, now: float) -> None:
        """Step the wall clock, as a time server may; the monotonic clock is untouched."""
        with self._lock:
            self._now = now
