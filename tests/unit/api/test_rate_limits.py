"""The moving window of one process: what it counts, for how long, and what it forgets."""

import asyncio

from limits import RateLimitItemPerMinute

from runtime.api.rate_limits import LocalLimiter
from tests.fakes.clock import FakeClock

LIMIT = RateLimitItemPerMinute(2)


def hits(limiter: LocalLimiter, *callers: str) -> list[bool]:
    async def all_of_them() -> list[bool]:
        return [await limiter.hit(LIMIT, caller) for caller in callers]

    return asyncio.run(all_of_them())


def test_should_count_each_caller_alone() -> None:
    limiter = LocalLimiter(clock=FakeClock())
    assert hits(limiter, "a", "a", "a", "b") == [True, True, False, True]


def test_should_move_the_window_request_by_request() -> None:
    clock = FakeClock()
    limiter = LocalLimiter(clock=clock)
    assert hits(limiter, "a") == [True]
    clock.advance(40)
    assert hits(limiter, "a", "a") == [True, False]
    clock.advance(20)
    # The first one has left; refused ones were not counted.
    assert hits(limiter, "a", "a") == [True, False]


def test_should_say_when_the_next_one_passes() -> None:
    clock = FakeClock()
    limiter = LocalLimiter(clock=clock)
    hits(limiter, "a")
    clock.advance(15)
    hits(limiter, "a")
    stats = asyncio.run(limiter.get_window_stats(LIMIT, "a"))
    assert (stats.reset_time - clock.now(), stats.remaining) == (45, 0)
    unknown = asyncio.run(limiter.get_window_stats(LIMIT, "b"))
    assert (unknown.reset_time - clock.now(), unknown.remaining) == (60, 2)


def test_should_keep_only_callers_of_the_last_window() -> None:
    clock = FakeClock()
    limiter = LocalLimiter(clock=clock)
    hits(limiter, *(f"caller-{number}" for number in range(100)))
    clock.advance(59)
    hits(limiter, "caller-0")
    assert len(limiter) == 100
    clock.advance(1)
    # A caller that was only looked at has no requests left to compare.
    asyncio.run(limiter.get_window_stats(LIMIT, "caller-1"))
    hits(limiter, "new")
    assert len(limiter) == 2
