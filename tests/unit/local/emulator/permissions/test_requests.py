from typing import Any

import pytest

from local.emulator.permissions import requests

PREFIX = "arn:aws:ecs:us-east-1:000000000000"


@pytest.mark.parametrize(
    ("action", "body", "expected"),
    [
        ("RunTask", {"taskDefinition": "any:1"}, f"{PREFIX}:task-definition/any:1"),
        ("RunTask", {"taskDefinition": f"{PREFIX}:task-definition/any:1"}, None),
        ("StopTask", {"cluster": "here", "task": "0123"}, f"{PREFIX}:task/here/0123"),
        (
            "StopTask",
            {"cluster": f"{PREFIX}:cluster/here", "task": "0123"},
            f"{PREFIX}:task/here/0123",
        ),
        ("StopTask", {"task": "0123"}, f"{PREFIX}:task/default/0123"),
        (
            "UpdateTaskProtection",
            {"cluster": "here", "tasks": [f"{PREFIX}:task/here/0123"]},
            f"{PREFIX}:task/here/0123",
        ),
        ("TagResource", {"resourceArn": "arn:any"}, "arn:any"),
        ("ListTasks", {"cluster": "here"}, "*"),
        ("DescribeClusters", {"clusters": ["here"]}, f"{PREFIX}:cluster/here"),
        (
            "DescribeServices",
            {"cluster": f"{PREFIX}:cluster/here", "services": ["any"]},
            f"{PREFIX}:service/here/any",
        ),
        ("ExecuteCommand", {"cluster": "here", "task": "0123"}, f"{PREFIX}:task/here/0123"),
    ],
)
def test_should_judge_an_action_by_what_it_is_about(
    action: str, body: dict[str, Any], expected: str | None
) -> None:
    assert requests.resource(action, body) == (expected or body["taskDefinition"])


def test_should_leave_what_it_does_not_know_to_the_emulator() -> None:
    assert requests.resource("CreateCluster", {"clusterName": "any"}) is None


@pytest.mark.parametrize("name", ["here", f"{PREFIX}:cluster/here"])
def test_should_name_a_cluster_by_its_arn(name: str) -> None:
    assert requests.cluster_arn({"cluster": name}) == f"{PREFIX}:cluster/here"


def test_should_know_no_cluster_of_a_request_without_one() -> None:
    assert requests.cluster_arn({}) is None


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b"\xff"])
def test_should_read_nothing_from_what_is_no_json_object(body: bytes) -> None:
    assert requests.read(body) == {}


@pytest.mark.parametrize(
    ("action", "kept"),
    [
        ("ecs:StopTask", {"ecs:cluster", "aws:SourceArn"}),
        ("ecs:SubmitTaskStateChange", {"aws:SourceArn"}),
        ("ecs:NotInTheReference", {"ecs:cluster", "aws:SourceArn"}),
    ],
)
def test_should_have_only_the_condition_keys_of_the_action(action: str, kept: set[str]) -> None:
    context = {"ecs:cluster": "any", "aws:SourceArn": "any"}
    assert set(requests.supported(action, context)) == kept


@pytest.mark.parametrize(
    ("found", "body"),
    [
        ("arn:aws:events:us-east-1:000000000000:rule/default/any", {"Name": "any"}),
        ("*", {"Rule": "any"}),
    ],
)
def test_should_name_rules_of_the_default_bus_without_it(found: str, body: dict[str, Any]) -> None:
    expected = "arn:aws:events:us-east-1:000000000000:rule/any"

    assert requests.rule_arn(found, body) == expected


def test_should_leave_calls_on_a_bus_as_they_are() -> None:
    assert requests.rule_arn("arn:aws:events:any:any:event-bus/any", {}).endswith("event-bus/any")
