"""How users prove their own worker: `pytest` with the fixture of the plugin."""

import time
from typing import TYPE_CHECKING

from scale_in_guard import Guard

if TYPE_CHECKING:
    from scale_in_guard.testing.endpoint import AgentEndpoint


def my_job(guard: Guard) -> tuple[float, float]:
    with guard.protected():
        begin = time.time()
        time.sleep(0.05)
        return begin, time.time()


def test_my_job_is_never_scaled_in(ecs_agent: "AgentEndpoint") -> None:
    ecs_agent.inject(calls=2, error=(400, "ThrottlingException", "slow down"))
    with Guard() as guard:
        begin, end = my_job(guard)
    assert ecs_agent.gaps(begin, end) == []
    assert ecs_agent.scale_in()
