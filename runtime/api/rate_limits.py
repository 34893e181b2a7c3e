"""Rate limits per caller, in memory or in a cache that several instances share."""

from collections import OrderedDict, deque
from typing import Protocol

from limits import RateLimitItem, WindowStats, parse
from limits.aio.storage import Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.storage import storage_from_string

from runtime.api.problems import ProblemError
from runtime.core.clock import WallClock
from runtime.core.log import Log


class Limiter(Protocol):
    """Counts requests by caller, as the library's limiters do."""

    async def hit(self, item: RateLimitItem, caller: str, /) -> bool:
        """Count a request; return False, and count nothing, beyond the limit."""

    async def get_window_stats(self, item: RateLimitItem, caller: str, /) -> WindowStats:
        """Return when the oldest request leaves the window, and how many are left in it."""


class LocalLimiter:
    """Moving windows of one process, for one event loop.

    The library's storage in memory hands every caller's window to a thread with each request, which
    costs more than the request itself.
    """

    def __init__(self, *, clock: WallClock) -> None:
        self._clock = clock
        self._windows: OrderedDict[str, deque[float]] = OrderedDict()

    async def hit(self, item: RateLimitItem, caller: str, /) -> bool:
        """Count a request; return False, and count nothing, beyond the limit."""
        now = self._clock.now()
        window = self._current(item, caller, now)
        if len(window) >= item.amount:
            return False
        window.append(now)
        self._windows[caller] = window
        self._windows.move_to_end(caller)
        # The first caller is the one that was counted longest ago.
        while not self._current(item, next(iter(self._windows)), now):
            self._windows.popitem(last=False)
        return True

    async def get_window_stats(self, item: RateLimitItem, caller: str, /) -> WindowStats:
        """Return when the oldest request leaves the window, and how many are left in it."""
        now = self._clock.now()
        window = self._current(item, caller, now)
        oldest = window[0] if window else now
        return WindowStats(oldest + item.get_expiry(), item.amount - len(window))

    def __len__(self) -> int:
        """Return how many callers are kept."""
        return len(self._windows)

    def _current(self, item: RateLimitItem, caller: str, now: float) -> deque[float]:
        window = self._windows.get(caller, deque())
        while window and window[0] <= now - item.get_expiry():
            window.popleft()
        return window


class RateLimits:
    """Counts requests by caller in a moving window.

    A cache that fails lets requests pass: a limit protects the service, and must not end it.
    """

    def __init__(
        self, limit: str, *, clock: WallClock, log: Log, storage: Storage | None = None
    ) -> None:
        self._item: RateLimitItem = parse(limit)
        self._clock = clock
        self._log = log
        self._limiter: Limiter = (
            LocalLimiter(clock=clock) if storage is None else MovingWindowRateLimiter(storage)
        )

    async def count(self, caller: str) -> None:
        """Count a request; raise `ProblemError` 429 beyond the limit."""
        try:
            allowed = await self._limiter.hit(self._item, caller)
            if allowed:
                return
            reset_at = (await self._limiter.get_window_stats(self._item, caller)).reset_time
        except Exception as error:  # noqa: BLE001 - each storage raises errors of its own
            self._log.error("api.rate_limit_failed", error=repr(error))
            return
        seconds = max(1, round(reset_at - self._clock.now()))
        raise ProblemError(
            429,
            "rate_limited",
            f"More than {self._item.amount} requests per {self._item.GRANULARITY.name}.",
            f"Wait {seconds} s.",
            headers={"Retry-After": str(seconds)},
        )


def shared_storage(url: str) -> Storage:
    """Return the storage in a Redis or Valkey server at `redis://` or `rediss://`."""
    storage = storage_from_string(f"async+{url}", implementation="redispy", wrap_exceptions=True)
    if not isinstance(storage, Storage):
        raise TypeError(f"{url.partition(':')[0]} is no asynchronous storage")
    return storage
