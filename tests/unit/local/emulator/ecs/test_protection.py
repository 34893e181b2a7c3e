from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import ecs

from local.emulator.ecs.protection import Protections, answer, refusal
from tests.fakes.clock import FakeClock

ECS = "arn:aws:ecs:us-east-1:000000000000"


def task(
    name: str, group: str = "service:any", last: str = "RUNNING", desired: str = "RUNNING"
) -> dict[str, Any]:
    return {
        "taskArn": f"{ECS}:task/here/{name}",
        "clusterArn": f"{ECS}:cluster/here",
        "group": group,
        "lastStatus": last,
        "desiredStatus": desired,
    }


TASKS: dict[str, dict[str, Any]] = {
    found["taskArn"]: found
    for found in (
        task("service-task"),
        task("sibling"),
        task("lone-task", group="family:any"),
        task("stopped-task", last="STOPPED", desired="STOPPED"),
        task("stopping-task", desired="STOPPED"),
    )
}


@pytest.fixture(autouse=True)
def running() -> Iterator[None]:
    ecs._tasks.update(TASKS)
    yield
    for store in (ecs._tasks, ecs._services):
        store.clear()


def ask(protections: Protections, *tasks: str, desired: int = 1, **update: Any) -> dict[str, Any]:
    ecs._services["here/any"] = {"desiredCount": desired}
    return answer({"tasks": list(tasks), **update}, protections, "here", update=bool(update))


def test_should_protect_a_service_task_for_the_asked_minutes() -> None:
    clock = FakeClock(now=1000.0)
    protections = Protections(clock)
    protected = {"taskArn": f"{ECS}:task/here/service-task", "protectionEnabled": True}
    expected = {"protectedTasks": [{**protected, "expirationDate": 1420.0}], "failures": []}
    assert (
        ask(
            protections, f"{ECS}:task/here/service-task", protectionEnabled=True, expiresInMinutes=7
        )
        == expected
    )
    assert ask(protections, f"{ECS}:task/here/service-task") == expected


def test_should_protect_for_two_hours_when_no_time_is_given() -> None:
    protections = Protections(FakeClock(now=0.0))
    found = ask(protections, f"{ECS}:task/here/service-task", protectionEnabled=True)
    assert found["protectedTasks"][0]["expirationDate"] == 7200.0


def test_should_count_the_time_anew_with_each_update() -> None:
    clock = FakeClock(now=0.0)
    protections = Protections(clock)
    ask(protections, f"{ECS}:task/here/service-task", protectionEnabled=True, expiresInMinutes=2)
    clock.advance(60)
    ask(protections, f"{ECS}:task/here/service-task", protectionEnabled=True, expiresInMinutes=2)
    clock.advance(119)
    assert protections.is_protected(f"{ECS}:task/here/service-task")
    clock.advance(1)
    assert not protections.is_protected(f"{ECS}:task/here/service-task")


def test_should_end_protection_on_request() -> None:
    protections = Protections(FakeClock())
    ask(protections, f"{ECS}:task/here/service-task", protectionEnabled=True)
    found = ask(protections, f"{ECS}:task/here/service-task", protectionEnabled=False)
    assert found["protectedTasks"] == [
        {"taskArn": f"{ECS}:task/here/service-task", "protectionEnabled": False}
    ]


def test_should_refuse_a_task_that_belongs_to_no_service() -> None:
    protections = Protections(FakeClock())
    found = ask(protections, f"{ECS}:task/here/lone-task", protectionEnabled=True)
    assert found == {
        "protectedTasks": [],
        "failures": [{"arn": f"{ECS}:task/here/lone-task", "reason": "TASK_NOT_VALID"}],
    }


def test_should_refuse_to_protect_more_tasks_than_the_service_wants() -> None:
    protections = Protections(FakeClock(now=0.0))
    ask(protections, f"{ECS}:task/here/sibling", protectionEnabled=True)
    found = ask(protections, f"{ECS}:task/here/service-task", protectionEnabled=True)
    assert found["failures"] == [
        {"arn": f"{ECS}:task/here/service-task", "reason": "DEPLOYMENT_BLOCKED"}
    ]
    assert not protections.is_protected(f"{ECS}:task/here/service-task")
    assert not ask(protections, f"{ECS}:task/here/service-task", desired=2, protectionEnabled=True)[
        "failures"
    ]


def test_should_refuse_a_renewal_once_the_service_wants_fewer() -> None:
    clock = FakeClock(now=0.0)
    protections = Protections(clock)
    ask(protections, f"{ECS}:task/here/service-task", protectionEnabled=True, expiresInMinutes=7)
    found = ask(protections, f"{ECS}:task/here/service-task", desired=0, protectionEnabled=True)
    assert found["failures"] == [
        {"arn": f"{ECS}:task/here/service-task", "reason": "DEPLOYMENT_BLOCKED"}
    ]
    assert protections.is_protected(f"{ECS}:task/here/service-task")
    assert not ask(
        protections, f"{ECS}:task/here/service-task", desired=0, protectionEnabled=False
    )["failures"]
    assert not protections.is_protected(f"{ECS}:task/here/service-task")


@pytest.mark.parametrize(
    "arn",
    [
        f"{ECS}:task/here/stopped-task",
        f"{ECS}:task/here/stopping-task",
        f"{ECS}:task/here/unknown-task",
    ],
)
def test_should_miss_a_task_that_stops_or_is_unknown(arn: str) -> None:
    found = ask(Protections(FakeClock()), arn, protectionEnabled=True)
    assert found["failures"] == [{"arn": arn, "reason": "MISSING"}]


@pytest.mark.parametrize("minutes", [0, 2881])
def test_should_refuse_minutes_out_of_range(minutes: int) -> None:
    assert refusal({"tasks": ["any"], "expiresInMinutes": minutes}) is not None


def test_should_refuse_more_than_ten_tasks() -> None:
    assert refusal({"tasks": ["any"] * 11}) is not None
    assert refusal({"tasks": ["any"] * 10, "expiresInMinutes": 2880}) is None
