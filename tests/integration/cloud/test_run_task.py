import pytest
from botocore.exceptions import ClientError

from local.cloud import LocalCloud
from tests.integration.cloud.conftest import Containers

pytestmark = pytest.mark.cloud


def test_should_start_one_task_for_one_client_token(containers: Containers) -> None:
    definition = containers.define("end_with", "0")
    first = containers.run(definition, clientToken="any-token")
    containers.await_status(first, "STOPPED")
    again = containers.run(definition, clientToken="any-token")
    assert again["taskArn"] == first["taskArn"]
    assert again["lastStatus"] == "STOPPED"


def test_should_refuse_a_client_token_with_other_parameters(containers: Containers) -> None:
    definition = containers.define("end_with", "0")
    containers.run(definition, clientToken="any-token")
    with pytest.raises(ClientError) as refused:
        containers.run(definition, clientToken="any-token", startedBy="somebody-else")
    assert refused.value.response["Error"]["Code"] == "ConflictException"


def test_should_find_a_task_by_who_started_it(containers: Containers) -> None:
    task = containers.run(containers.define("wait", "0"), startedBy="job-1")
    containers.run(containers.define("wait", "0"), startedBy="job-2")
    found = containers.ecs.list_tasks(cluster=containers.name, startedBy="job-1")
    assert found["taskArns"] == [task["taskArn"]]


def test_should_refuse_an_unknown_cluster(containers: Containers) -> None:
    with pytest.raises(ClientError) as refused:
        containers.ecs.run_task(cluster="unknown", taskDefinition=containers.define("wait", "0"))
    assert refused.value.response["Error"]["Code"] == "ClusterNotFoundException"


def test_should_refuse_a_subnet_that_does_not_exist(
    containers: Containers, cloud: LocalCloud
) -> None:
    definition = containers.ecs.register_task_definition(
        family=containers.name,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=[{"name": "probe", "image": "probe:v1"}],
    )["taskDefinition"]["taskDefinitionArn"]
    subnet = cloud.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    for subnets, message in (
        ([], "Network Configuration must be provided"),
        (["subnet-unknown"], "subnet-unknown"),
        ([subnet, "subnet-unknown"], "subnet-unknown"),
    ):
        network = {"networkConfiguration": {"awsvpcConfiguration": {"subnets": subnets}}}
        with pytest.raises(ClientError, match=message):
            containers.run(definition, **(network if subnets else {}))


def test_should_refuse_a_service_in_a_subnet_that_does_not_exist(containers: Containers) -> None:
    definition = containers.ecs.register_task_definition(
        family=containers.name,
        networkMode="awsvpc",
        containerDefinitions=[{"name": "probe", "image": "probe:v1"}],
    )["taskDefinition"]["taskDefinitionArn"]
    network = {"awsvpcConfiguration": {"subnets": ["subnet-unknown"]}}
    with pytest.raises(ClientError, match="subnet-unknown"):
        containers.ecs.create_service(
            cluster=containers.name,
            serviceName="any",
            taskDefinition=definition,
            desiredCount=1,
            networkConfiguration=network,
        )


def test_should_tag_a_task_like_its_definition_only_if_asked_to(containers: Containers) -> None:
    tags = [{"key": "environment", "value": "dev"}]
    definition = containers.register([containers.definition("wait", "0")], tags=tags)
    for options, expected in (({}, []), ({"propagateTags": "TASK_DEFINITION"}, tags)):
        task = containers.run(definition, **options)
        described = containers.ecs.describe_tasks(
            cluster=containers.name, tasks=[task["taskArn"]], include=["TAGS"]
        )
        assert described["tasks"][0]["tags"] == expected
    with pytest.raises(ClientError, match="SERVICE is for services"):
        containers.run(definition, propagateTags="SERVICE")


@pytest.mark.parametrize("enabled", [True, False])
def test_should_refuse_a_command_in_a_task_started_without_it(
    containers: Containers, *, enabled: bool
) -> None:
    task = containers.run(containers.define("wait", "0"), enableExecuteCommand=enabled)
    command = {"task": task["taskArn"], "command": "/bin/sh", "interactive": True}
    if enabled:
        assert containers.ecs.execute_command(cluster=containers.name, **command)["session"]
    else:
        with pytest.raises(ClientError, match="execute command was not enabled"):
            containers.ecs.execute_command(cluster=containers.name, **command)
