"""ECS Exec: off unless the environment says so, then with its endpoint, its rights and a log."""

import pytest

from runtime.core.contract import TRUE, EnvVar
from tests.infra.conftest import ROOT, synthesize
from tests.infra.gpu import PUBLIC
from tests.infra.templates import Deployment


@pytest.fixture(scope="module")
def opened() -> Deployment:
    """`dev` with a pool and ECS Exec, in a network without a NAT gateway."""
    text = (ROOT / "environments" / "dev.toml").read_text()
    for before, after in (
        ("retain_data = false", "retain_data = false\nexecute_command = true"),
        (PUBLIC, "nat_gateways = 0"),
        ("interface_endpoints = false", "interface_endpoints = true"),
        ("standby = false", "standby = true"),
    ):
        assert before in text
        text = text.replace(before, after)
    return synthesize(text)


def test_should_enable_it_for_workers_and_for_tasks_of_one_job(opened: Deployment) -> None:
    _, service = opened.only("AWS::ECS::Service")
    variables = opened.render(opened.function("dispatcher")["Environment"]["Variables"])

    assert service["Properties"]["EnableExecuteCommand"] is True
    assert variables[EnvVar.TASK_EXECUTE_COMMAND] == TRUE


def test_should_log_each_session(opened: Deployment) -> None:
    _, cluster = opened.only("AWS::ECS::Cluster")
    group, found = opened.only("AWS::Logs::LogGroup", LogGroupName="/ecs/lifestream-commands-dev")
    configuration = cluster["Properties"]["Configuration"]["ExecuteCommandConfiguration"]

    assert configuration["Logging"] == "OVERRIDE"
    assert configuration["LogConfiguration"]["CloudWatchLogGroupName"] == {"Ref": group}
    assert found["Properties"]["RetentionInDays"] == opened.config.storage.log_retention_days


def test_should_have_an_endpoint_and_a_root_file_system_for_its_agent(opened: Deployment) -> None:
    services = [
        opened.render(endpoint["Properties"]["ServiceName"])
        for endpoint in opened.of_type("AWS::EC2::VPCEndpoint").values()
    ]
    containers = [
        container
        for definition in opened.of_type("AWS::ECS::TaskDefinition").values()
        for container in definition["Properties"]["ContainerDefinitions"]
    ]

    assert any(str(service).endswith(".ssmmessages") for service in services)
    assert len(containers) == 2
    assert not any(container["ReadonlyRootFilesystem"] for container in containers)


def test_should_grant_sessions_to_task_roles_alone(opened: Deployment) -> None:
    holders = {
        str(opened.render(policy["Properties"]["Roles"]))
        for policy in opened.of_type("AWS::IAM::Policy").values()
        if "ssmmessages:" in str(policy)
    }

    assert len(holders) == 2
    assert all("TaskRole" in holder for holder in holders)


def test_should_be_off_unless_it_is_set(on_demand: Deployment) -> None:
    variables = on_demand.render(on_demand.function("dispatcher")["Environment"]["Variables"])

    assert EnvVar.TASK_EXECUTE_COMMAND not in variables
    assert "ssmmessages" not in str(on_demand.stacks)
