"""The machine's clocks."""

import time


class SystemClock:
    """Both clocks of `ports`."""

    def now(self) -> float:
        """Return the current time in seconds since the epoch (UTC)."""
        return time.time()

    def monotonic(self) -> float:
        """Return the current reading of the monotonic clock in seconds."""
        return time.monotonic()
