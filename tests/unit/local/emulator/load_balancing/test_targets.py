"""Which tasks a front door leads to, by the weights of its listener rule."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from ministack.services import alb, ecs

from local.emulator.ecs.blue_green.run import HISTORY, RUN, Run
from local.emulator.ecs.blue_green.stages import Progress, Stage
from local.emulator.load_balancing.front_doors import Route
from local.emulator.load_balancing.targets import register, registered, serving_targets
from local.emulator.load_balancing.weighted_rules import forward
from tests.unit.local.emulator.ecs.blue_green.services import (
    ALTERNATE,
    NEW,
    OLD,
    PRIMARY,
    PRODUCTION,
    TEST,
    load_balancer,
    rules,
    service,
)

BLUE_PORT, GREEN_PORT = 5001, 5002


class Daemon:
    """Containers whose id is the port at which they listen."""

    containers: Any = SimpleNamespace(get=lambda port: SimpleNamespace(published={80: int(port)}))


def task(deployment: str, port: int, **changes: Any) -> dict[str, Any]:
    return {
        "taskArn": f"arn:task/{port}",
        "group": "service:any",
        "clusterArn": "arn:aws:ecs:us-east-1:000000000000:cluster/here",
        "taskDefinitionArn": "arn:any/any:1",
        "desiredStatus": "RUNNING",
        "lastStatus": "RUNNING",
        "createdAt": str(port),
        "containers": [{"name": "any"}],
        "_docker_ids": [str(port)],
        "_deployment_id": deployment,
        "_startup_stable": True,
        **changes,
    }


@pytest.fixture
def running() -> Iterator[dict[str, Any]]:
    record = service()
    green = Run(
        identifier="any",
        source=OLD,
        progress=Progress(Stage.TEST_TRAFFIC_SHIFT, 0.0),
        blue=(PRIMARY,),
        green=(ALTERNATE,),
    )
    record["deployments"][0][RUN] = green
    ecs._services["here/any"] = record
    for each in (task(OLD, BLUE_PORT), task(NEW, GREEN_PORT)):
        ecs._tasks[each["taskArn"]] = each
    alb._rules.update(rules(production=PRIMARY, test=ALTERNATE))
    alb._tgs.update({group: {} for group in (PRIMARY, ALTERNATE)})
    yield record
    for store in (ecs._services, ecs._tasks, alb._rules, alb._tgs, alb._targets):
        store.clear()


def ports(*, test: bool = False) -> list[int]:
    return [target.port for target in serving_targets(Daemon(), "any", test=test)]  # type: ignore[arg-type]


@pytest.mark.usefixtures("running")
def test_should_lead_requests_to_the_group_with_the_weight() -> None:
    assert (ports(), ports(test=True)) == ([BLUE_PORT], [GREEN_PORT])
    alb._rules[PRODUCTION]["Actions"] = [forward({PRIMARY: 0, ALTERNATE: 100})]
    assert ports() == [GREEN_PORT]
    alb._rules[PRODUCTION]["Actions"] = [forward({PRIMARY: 1, ALTERNATE: 1})]
    assert ports() == [BLUE_PORT, GREEN_PORT]


@pytest.mark.usefixtures("running")
def test_should_lead_to_no_task_that_is_to_stop() -> None:
    ecs._tasks[f"arn:task/{BLUE_PORT}"]["desiredStatus"] = "STOPPED"
    assert ports() == []


def test_should_lead_to_every_task_without_rules_of_its_own(running: dict[str, Any]) -> None:
    plain = load_balancer()
    del plain["advancedConfiguration"]
    running["loadBalancers"] = [plain]
    assert (ports(), ports(test=True)) == ([BLUE_PORT, GREEN_PORT], [])


def test_should_register_each_task_in_the_group_of_its_deployment(running: dict[str, Any]) -> None:
    register(Daemon(), running)  # type: ignore[arg-type]
    assert [target["Port"] for target in alb._targets[PRIMARY]] == [BLUE_PORT]
    assert [target["Port"] for target in alb._targets[ALTERNATE]] == [GREEN_PORT]
    running["status"] = "INACTIVE"
    register(Daemon(), running)  # type: ignore[arg-type]
    assert (alb._targets[PRIMARY], alb._targets[ALTERNATE]) == ([], [])


def test_should_know_the_group_of_a_deployment_that_is_listed_no_more(
    running: dict[str, Any],
) -> None:
    running[HISTORY] = [running["deployments"].pop(0)]
    found = registered(Daemon(), running, 0)  # type: ignore[arg-type]
    assert found == [(PRIMARY, BLUE_PORT), (ALTERNATE, GREEN_PORT)]


@pytest.mark.usefixtures("running")
def test_should_follow_the_rule_that_the_door_is_named_after() -> None:
    assert Route(Daemon(), "any").ports() == [BLUE_PORT]  # type: ignore[arg-type]
    assert Route(Daemon(), "any:test").ports() == [GREEN_PORT]  # type: ignore[arg-type]
    del alb._rules[TEST]
    assert Route(Daemon(), "any:test").ports() == []  # type: ignore[arg-type]
