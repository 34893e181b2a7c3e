"""What waits and why, and who may change the pools."""

from typing import Any

import pytest

from runtime.api.pools import FULL, PAUSED, STARTING, queue_state
from runtime.core.contract import Compute
from runtime.core.jobs import Source, State, submitted, wait
from runtime.core.jobs.job import Job
from runtime.core.options import DEFAULT_OPTIONS
from runtime.core.ports import Backlog
from runtime.core.service_ports import PoolState
from tests.unit.api.world import ADMIN, World

POOL = PoolState(running=1, desired=1, min_tasks=0, max_tasks=4, paused=False)


def pending(name: str, at: float) -> Job:
    source = Source(bucket="any", key=f"uploads/{name}", etag="any", size_bytes=1)
    return submitted(source, now=at, options=DEFAULT_OPTIONS)


def state(world: World) -> dict[str, Any]:
    answer = world.client.get("/v1/queues", headers=world.headers(ADMIN))
    found: dict[str, Any] = answer.json()[0]
    return found


@pytest.mark.parametrize(
    ("pool", "waiting_for", "expected"),
    [
        (POOL, None, STARTING),
        (PoolState(running=4, desired=4, min_tasks=0, max_tasks=4, paused=False), None, FULL),
        (PoolState(running=0, desired=0, min_tasks=0, max_tasks=4, paused=True), None, PAUSED),
        (POOL, "capacity.vcpu_quota", "capacity.vcpu_quota"),
        (None, None, None),
    ],
)
def test_should_say_why_jobs_wait(
    world: World, pool: PoolState | None, waiting_for: str | None, expected: str | None
) -> None:
    job = world.job()
    jobs = [wait(job, now=1.0, waiting_for=waiting_for)] if waiting_for else [job]
    found = queue_state(
        Compute.CPU,
        backlog=Backlog(waiting=2, in_work=1),
        pool=pool,
        waiting=jobs,
        running=[],
        now=world.clock.now(),
    )
    assert (found.why_waiting, found.waiting, found.in_work) == (expected, 2, 1)


def test_should_count_jobs_where_tasks_start_on_demand(world: World) -> None:
    world.job("running.mp4")
    world.jobs.create(pending("a.mp4", world.clock.now()))
    world.clock.advance(30)
    found = state(world)
    assert (found["waiting"], found["in_work"], found["oldest_seconds"]) == (1, 1, 30.0)
    assert (found["capacity"], found["why_waiting"]) == (None, None)
    assert {job.state for job in world.jobs.jobs.values()} == {State.PENDING, State.RUNNING}


def test_should_change_a_pool_for_an_admin(world: World) -> None:
    world.pools.pools[Compute.CPU] = POOL
    answer = world.client.post(
        "/v1/pools/cpu", json={"max_tasks": 8, "paused": True}, headers=world.headers(ADMIN)
    )
    assert answer.status_code == 202, answer.text
    assert (answer.json()["capacity"], answer.json()["paused"]) == (8, True)
    wrong = world.client.post("/v1/pools/cpu", json={"min_tasks": 9}, headers=world.headers(ADMIN))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "pool.bounds")
    missing = world.client.post("/v1/pools/gpu", json={}, headers=world.headers(ADMIN))
    assert missing.status_code == 404
