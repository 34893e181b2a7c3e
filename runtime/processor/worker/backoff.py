"""Pauses that double as long as something fails, with jitter."""

from collections.abc import Callable

FIRST_SECONDS, LONGEST_SECONDS = 2.0, 60.0
MAX_DOUBLINGS = 10


class Backoff:
    """`pause` waits; `jitter` returns numbers from 0 to 1, of which up to half a pause is made."""

    def __init__(self, *, pause: Callable[[float], object], jitter: Callable[[], float]) -> None:
        """Start with nothing failed."""
        self._pause = pause
        self._jitter = jitter
        self._failures = 0

    def failed(self) -> None:
        """Wait, longer each time in a row."""
        longest = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0**self._failures)
        self._failures = min(self._failures + 1, MAX_DOUBLINGS)
        self._pause(longest * (1 - self._jitter() / 2))

    def worked(self) -> None:
        """Begin again with the shortest pause."""
        self._failures = 0
