"""What pools of workers promise, on the fake and on ECS with Application Auto Scaling."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from runtime.aws import clients
from runtime.aws.worker_pools import EcsWorkerPools
from runtime.core.contract import Compute
from runtime.core.service_ports import Pools, PoolState
from tests.fakes.pools import FakePools

IDLE = PoolState(running=0, desired=0, min_tasks=0, max_tasks=4, paused=False)


def _fake(request: pytest.FixtureRequest) -> Pools:
    del request
    pools = FakePools()
    pools.pools[Compute.CPU] = IDLE
    return pools


def _ecs(request: pytest.FixtureRequest) -> Pools:
    request.getfixturevalue("cloud")
    ecs, scaling, name = (
        clients.ecs("us-east-1"),
        clients.scaling("us-east-1"),
        f"pool-{uuid4().hex[:8]}",
    )
    request.addfinalizer(ecs.close)
    request.addfinalizer(scaling.close)
    ecs.create_cluster(clusterName=name)
    ecs.register_task_definition(
        family=name, containerDefinitions=[{"name": "any", "image": "any", "memory": 128}]
    )
    ecs.create_service(cluster=name, serviceName=name, taskDefinition=name, desiredCount=0)
    scaling.register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=f"service/{name}/{name}",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=IDLE.min_tasks,
        MaxCapacity=IDLE.max_tasks,
    )
    return EcsWorkerPools(ecs, scaling, cluster=name, services={Compute.CPU: name})


@pytest.fixture(params=[_fake, pytest.param(_ecs, marks=pytest.mark.cloud)])
def pools(request: pytest.FixtureRequest) -> Pools:
    make: Callable[[pytest.FixtureRequest], Pools] = request.param
    return make(request)


def test_should_show_a_pool_with_its_bounds(pools: Pools) -> None:
    assert pools.state(Compute.CPU) == IDLE
    assert pools.state(Compute.GPU) is None


def test_should_change_only_what_is_given(pools: Pools) -> None:
    pools.change(Compute.CPU, max_tasks=9)
    found = pools.state(Compute.CPU)
    assert found is not None
    assert (found.min_tasks, found.max_tasks, found.paused) == (0, 9, False)


def test_should_pause_and_resume(pools: Pools) -> None:
    for paused in (True, False):
        pools.change(Compute.CPU, paused=paused)
        found = pools.state(Compute.CPU)
        assert found is not None
        assert (found.paused, found.max_tasks) == (paused, 4)
