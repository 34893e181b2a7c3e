"""Rate limits of two instances on a real server of Redis' protocol, and what its death changes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from local.valkey import running_cache
from runtime.api.problems import ProblemError
from runtime.api.rate_limits import RateLimits, shared_storage
from scripts.setup.wheels import UnavailableError
from tests.fakes.clock import FakeClock
from tests.fakes.log import CapturedLog

pytestmark = pytest.mark.cloud

LIMIT = 3


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[str]:
    try:
        with running_cache(tmp_path) as url:
            yield url
    except UnavailableError as error:
        pytest.skip(f"no Redis server of Debian: {error}")


@asynccontextmanager
async def instance(url: str) -> AsyncIterator[RateLimits]:
    storage = shared_storage(url)
    yield RateLimits(f"{LIMIT}/hour", clock=FakeClock(), log=CapturedLog(), storage=storage)
    connection: Any = storage
    await connection.bridge.storage.aclose()


def test_should_count_the_requests_of_all_instances_together(cache: str) -> None:
    async def scenario() -> None:
        async with instance(cache) as one, instance(cache) as another:
            for each in (one, another, one):
                await each.count("any-caller")
            with pytest.raises(ProblemError) as refused:
                await another.count("any-caller")
            assert refused.value.status == 429
            await another.count("another-caller")

    asyncio.run(scenario())


def test_should_let_requests_pass_when_the_cache_dies(tmp_path: Path) -> None:
    async def scenario() -> None:
        with contextlib.ExitStack() as running:
            try:
                url = running.enter_context(running_cache(tmp_path))
            except UnavailableError as error:
                pytest.skip(f"no Redis server of Debian: {error}")
            async with instance(url) as limits:
                await limits.count("any-caller")
                running.close()
                for _ in range(LIMIT + 1):
                    await limits.count("any-caller")

    asyncio.run(scenario())
