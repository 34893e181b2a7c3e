"""Time as a dependency: the only module that reads a clock or sleeps."""

import time
from typing import Protocol


class WallClock(Protocol):
    """Seconds since the epoch, for records that other machines read."""

    def now(self) -> float:
        """Return the current time in seconds since the epoch (UTC)."""


class MonotonicClock(Protocol):
    """Seconds from an arbitrary origin that never go back, for leases and durations."""

    def monotonic(self) -> float:
        """Return the current reading in seconds."""


class Sleeper(Protocol):
    """Waiting, which tests replace."""

    def sleep(self, seconds: float) -> None:
        """Block for `seconds`."""


class Clock(WallClock, MonotonicClock, Sleeper, Protocol):
    """A wall clock, a monotonic clock and a sleeper."""


class SystemClock:
    """The machine's clocks."""

    def now(self) -> float:
        """Return the current time in seconds since the epoch (UTC)."""
        return time.time()

    def monotonic(self) -> float:
        """Return the current reading of the monotonic clock in seconds."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block for `seconds`."""
        time.sleep(seconds)
