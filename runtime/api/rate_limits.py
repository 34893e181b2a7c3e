"""Rate limits per caller, in memory or in a cache that several instances share."""

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.storage import storage_from_string

from runtime.api.problems import ProblemError
from runtime.core.clock import WallClock
from runtime.core.log import Log


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
        self._limiter = MovingWindowRateLimiter(storage or MemoryStorage())

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
