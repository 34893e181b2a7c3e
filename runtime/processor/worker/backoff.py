"""Exponential backoff with jitter."""

from collections.abc import Callable

FIRST_SECONDS, LONGEST_SECONDS = 2.0, 60.0
MAX_DOUBLINGS = 10


class Backoff:
    """`pause` waits; `jitter` returns numbers from 0 to 1, which shorten a pause by up to half."""

    def __init__(self, *, pause: Callable[[float], object], jitter: Callable[[], float]) -> None:
        self._pause = pause
        self._jitter = jitter
        self._failures = 0

    def failed(self) -> None:
        """Pause, longer after each failure in a row."""
        longest = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0**self._failures)
        self._failures = min(self._failures + 1, MAX_DOUBLINGS)
        self._pause(longest * (1 - self._jitter() / 2))

    def succeeded(self) -> None:
        """Start again with the shortest pause."""
        self._failures = 0
