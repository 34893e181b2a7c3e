from typing import Any

import pytest

from tests.integration.cloud.conftest import Containers
from tests.integration.cloud.stacks import Stacks, resource

pytestmark = pytest.mark.cloud

IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/probe:v1"


def service(containers: Containers, *action: str, desired: int = 1) -> dict[str, Any]:
    """Return a service with a circuit breaker whose tasks do something."""
    container = {"Name": "probe", "Image": IMAGE, "Command": ["python", "-m", "probe", *action]}
    breaker = {"Enable": True, "Rollback": True}
    return {
        "Definition": resource(
            "ECS::TaskDefinition", Family=containers.name, ContainerDefinitions=[container]
        ),
        "Service": resource(
            "ECS::Service",
            Cluster=containers.name,
            ServiceName=f"{containers.name}-service",
            TaskDefinition={"Ref": "Definition"},
            DesiredCount=desired,
            DeploymentConfiguration={"DeploymentCircuitBreaker": breaker},
            EnableExecuteCommand=True,
            PropagateTags="SERVICE",
            Tags=[{"Key": "environment", "Value": "dev"}],
        ),
    }


def running(containers: Containers) -> list[str]:
    """Return the definitions of the tasks that run in the cluster now."""
    arns = containers.ecs.list_tasks(cluster=containers.name)["taskArns"]
    if not arns:
        return []
    tasks = containers.ecs.describe_tasks(cluster=containers.name, tasks=arns)["tasks"]
    return [task["taskDefinitionArn"] for task in tasks if task["lastStatus"] == "RUNNING"]


def test_should_wait_for_tasks_to_start_to_change_and_to_end(
    stacks: Stacks, containers: Containers
) -> None:
    created = stacks.create(service(containers, "wait", "0", desired=2))
    assert running(containers) == [created["Definition"]] * 2
    arns = containers.ecs.list_tasks(cluster=containers.name)["taskArns"]
    tasks = containers.ecs.describe_tasks(cluster=containers.name, tasks=arns, include=["TAGS"])[
        "tasks"
    ]
    assert all({"key": "environment", "value": "dev"} in task["tags"] for task in tasks)
    assert all(task["enableExecuteCommand"] for task in tasks)
    updated = stacks.update(service(containers, "wait", "1", desired=2))
    assert updated["Definition"] != created["Definition"]
    assert running(containers) == [updated["Definition"]] * 2
    stacks.delete()
    stopped = containers.ecs.list_tasks(cluster=containers.name, desiredStatus="STOPPED")
    ended = containers.ecs.describe_tasks(cluster=containers.name, tasks=stopped["taskArns"])
    assert {task["lastStatus"] for task in ended["tasks"]} == {"STOPPED"}


def test_should_roll_back_when_the_new_tasks_fail(stacks: Stacks, containers: Containers) -> None:
    created = stacks.create(service(containers, "wait", "0"))
    stacks.failed_update(service(containers, "end_with", "1"))
    assert running(containers) == [created["Definition"]]
    stacks.delete()


def test_should_not_wait_for_a_service_that_rests_at_zero(
    stacks: Stacks, containers: Containers
) -> None:
    stacks.create(service(containers, "wait", "0", desired=0))
    stacks.delete()
