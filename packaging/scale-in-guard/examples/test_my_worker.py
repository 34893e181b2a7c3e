"""How users prove their own worker: `pytest` with the fixtures of the plugin."""

import time
from typing import TYPE_CHECKING

from scale_in_guard import Guard, gap_free

if TYPE_CHECKING:
    from collections.abc import Callable

    from scale_in_guard.testing.endpoint import AgentEndpoint
    from scale_in_guard.testing.simulation.search import Total


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


def test_my_jobs_stop_in_time(protection_simulation: "Callable[..., Total]") -> None:
    """Days of lost calls, outages and stalls, for jobs that check and stop as mine do."""
    played = protection_simulation(
        policy=gap_free(extension_seconds=600),
        check_every_seconds=20,
        leave_within_seconds=20,
        schedules=100,
    )
    assert played.renewals > 0
    assert played.bad_seeds == []
