"""What must hold of an environment with the GPU target, which none of ours has by default."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from runtime.core.contract import WORKER_COMMAND, Compute, EnvVar, Output
from runtime.dispatcher.settings import read_settings
from runtime.processor.settings import WorkerSettings
from runtime.reaper.settings import read_reaper_settings
from tests.infra.conftest import ROOT, synthesize
from tests.infra.gpu import GPU, PUBLIC
from tests.infra.templates import Deployment
from tests.infra.test_permissions import (
    cluster,
    in_cluster,
    queue_arn,
    tasks,
    the_one_with,
)
from tests.infra.test_snapshots import without_asset_hashes

DEV = (ROOT / "environments" / "dev.toml").read_text()


@pytest.fixture(scope="module")
def closed() -> Deployment:
    """A GPU target on standby, in a network without a way to the internet."""
    text = (DEV + GPU).replace(PUBLIC, "nat_gateways = 0")
    text = text.replace("interface_endpoints = false", "interface_endpoints = true")
    head, table, tail = text.rpartition("[gpu]")
    standby = tail.replace("standby = false", "standby = true")
    return synthesize(head + table + standby)


def properties(deployment: Deployment, kind: str, **chosen: Any) -> Mapping[str, Any]:
    _, found = deployment.only(kind, **chosen)
    rendered: Mapping[str, Any] = deployment.render(found["Properties"])
    return rendered


def definition(deployment: Deployment) -> Mapping[str, Any]:
    family = "lifestream-gpu-worker-dev"
    return properties(deployment, "AWS::ECS::TaskDefinition", Family=family)


def container(deployment: Deployment) -> Mapping[str, Any]:
    (only,) = definition(deployment)["ContainerDefinitions"]
    rendered: Mapping[str, Any] = only
    return rendered


def machine(deployment: Deployment) -> Mapping[str, Any]:
    template = properties(deployment, "AWS::EC2::LaunchTemplate")
    data: Mapping[str, Any] = template["LaunchTemplateData"]
    return data


@pytest.mark.parametrize("stack", ["ingest", "processing", "gpu", "observability"])
def test_should_synthesize_the_accepted_template(
    stack: str, gpu: Deployment, snapshot: SnapshotAssertion
) -> None:
    assert without_asset_hashes(gpu.stacks[stack]) == snapshot(
        extension_class=JSONSnapshotExtension
    )


def test_should_have_no_gpu_by_default(
    deployments: Mapping[str, Deployment], pooled: Deployment
) -> None:
    for deployment in (*deployments.values(), pooled):
        assert "gpu" not in deployment.stacks
        assert not deployment.of_type("AWS::AutoScaling::AutoScalingGroup")


# The machines


def test_should_rest_with_no_machine_and_let_ecs_ask_for_them(gpu: Deployment) -> None:
    group_id, _ = gpu.only("AWS::AutoScaling::AutoScalingGroup")
    group = properties(gpu, "AWS::AutoScaling::AutoScalingGroup")
    provider = properties(gpu, "AWS::ECS::CapacityProvider")["AutoScalingGroupProvider"]

    assert (group["MinSize"], group["MaxSize"]) == ("0", "2")
    assert "DesiredCapacity" not in group
    assert group["NewInstancesProtectedFromScaleIn"] is True
    assert provider["AutoScalingGroupArn"] == f"<{group_id}>"
    assert provider["ManagedScaling"] == {"Status": "ENABLED", "TargetCapacity": 100}
    assert provider["ManagedTerminationProtection"] == "ENABLED"
    assert provider["ManagedDraining"] == "ENABLED"


def test_should_keep_fargate_beside_the_machines(gpu: Deployment) -> None:
    provider, _ = gpu.only("AWS::ECS::CapacityProvider")
    association = properties(gpu, "AWS::ECS::ClusterCapacityProviderAssociations")

    assert set(association["CapacityProviders"]) == {"FARGATE", "FARGATE_SPOT", f"<{provider}>"}


def test_should_close_the_machines(gpu: Deployment) -> None:
    data = machine(gpu)
    group, _ = gpu.only(
        "AWS::EC2::SecurityGroup", GroupDescription="Lifestream tasks: nothing in, HTTPS out"
    )

    assert data["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    assert "KeyName" not in data
    assert "NetworkInterfaces" not in data
    assert data["SecurityGroupIds"] == [f"<{group}.GroupId>"]
    assert all(device["Ebs"]["Encrypted"] for device in data["BlockDeviceMappings"])
    subnets = properties(gpu, "AWS::AutoScaling::AutoScalingGroup")["VPCZoneIdentifier"]
    for subnet in subnets:
        found = gpu.of_type("AWS::EC2::Subnet")[subnet.strip("<>")]["Properties"]
        assert found["MapPublicIpOnLaunch"] is False


def test_should_take_the_newest_system_at_deployment_not_at_synthesis(gpu: Deployment) -> None:
    name = machine(gpu)["ImageId"].strip("<>")
    parameter = gpu.stacks["processing"]["Parameters"][name]

    assert parameter["Type"] == "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>"
    assert "/gpu/recommended/" in parameter["Default"]


def test_should_join_the_cluster_and_hide_its_own_role_from_tasks(gpu: Deployment) -> None:
    script = json.dumps(machine(gpu)["UserData"])

    assert f"ECS_CLUSTER=<{cluster(gpu)}>" in script
    assert "ECS_AWSVPC_BLOCK_IMDS=true" in script


def test_should_let_a_machine_do_nothing_but_its_agents_work(gpu: Deployment) -> None:
    role, _ = gpu.only("AWS::IAM::Role", Description="What the ECS agent of a GPU machine may do")
    joining = the_one_with(gpu, role, "ecs:RegisterContainerInstance")
    working = the_one_with(gpu, role, "ecs:Poll")

    assert {a.partition(":")[0] for s in gpu.of_role(role) for a in s.actions} == {"ecs"}
    assert joining.resources == {f"<{cluster(gpu)}.Arn>"}
    assert working.conditions == in_cluster(gpu)
    assert "*" not in working.resources


# The workers


def test_should_run_the_same_worker_with_a_gpu(gpu: Deployment) -> None:
    only = container(gpu)

    assert definition(gpu)["RequiresCompatibilities"] == ["EC2"]
    assert definition(gpu)["NetworkMode"] == "awsvpc"
    assert only["Command"] == list(WORKER_COMMAND)
    assert only["ResourceRequirements"] == [{"Type": "GPU", "Value": "1"}]
    assert (only["Cpu"], only["Memory"]) == (4096, 14336)
    assert only["Image"].endswith(":gpu-0.1.0")


def test_should_be_as_locked_down_as_on_fargate(gpu: Deployment) -> None:
    only = container(gpu)

    assert only["ReadonlyRootFilesystem"] is True
    assert only["User"] == "10001:10001"
    assert only["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert not only.get("Privileged")
    assert not definition(gpu)["Volumes"][0].get("Host")


def test_should_tell_the_worker_to_compute_on_the_gpu_and_to_pull_from_its_queue(
    gpu: Deployment,
) -> None:
    given = {entry["Name"]: entry["Value"] for entry in container(gpu)["Environment"]}

    settings = WorkerSettings.from_environ({**given, EnvVar.MODELS_DIR.value: "of the image"})

    assert given[EnvVar.DEVICE] == "cuda"
    assert settings.work_queue_url == queue_arn(gpu, "gpu-work").replace(".Arn", "")


def test_should_place_workers_on_the_machines_alone(gpu: Deployment) -> None:
    service = properties(gpu, "AWS::ECS::Service")

    assert service["CapacityProviderStrategy"] == [
        {"CapacityProvider": "lifestream-gpu-dev", "Weight": 1}
    ]
    assert service["AvailabilityZoneRebalancing"] == "DISABLED"
    assert service["DeploymentConfiguration"]["DeploymentCircuitBreaker"]["Rollback"] is True
    assert service["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "DISABLED"
    assert "DesiredCount" not in service


def test_should_follow_its_own_queue_down_to_nothing(gpu: Deployment) -> None:
    target = properties(gpu, "AWS::ApplicationAutoScaling::ScalableTarget")
    alarms = {
        a["Properties"]["AlarmName"]: json.dumps(a["Properties"])
        for a in gpu.of_type("AWS::CloudWatch::Alarm").values()
    }

    assert (target["MinCapacity"], target["MaxCapacity"]) == (0, 2)
    assert '"lifestream-gpu-work-dev"' in alarms["lifestream-dev-gpu-workers-grow"]
    assert '"lifestream-gpu-work-dev"' in alarms["lifestream-dev-gpu-workers-shrink"]


def test_should_let_a_worker_protect_itself_and_work_off_its_queue_only(gpu: Deployment) -> None:
    role = definition(gpu)["TaskRoleArn"].removeprefix("<").removesuffix(".Arn>")
    receiving = the_one_with(gpu, role, "sqs:ReceiveMessage")
    protecting = the_one_with(gpu, role, "ecs:UpdateTaskProtection")

    assert receiving.resources == {queue_arn(gpu, "gpu-work")}
    assert protecting.resources == {tasks(gpu)}
    assert protecting.conditions == in_cluster(gpu)


# The route


def test_should_route_jobs_that_want_a_gpu_and_start_all_others_as_ever(gpu: Deployment) -> None:
    environment = gpu.render(gpu.function("dispatcher")["Environment"]["Variables"])
    queue = queue_arn(gpu, "gpu-work").replace(".Arn", "")

    settings = read_settings({**environment, EnvVar.AWS_REGION: "set by Lambda"})

    assert settings.gpu_work_queue_url == queue
    assert settings.work_queue_url is None
    assert settings.tasks is not None
    sent = {
        resource
        for statement in gpu.of_role(gpu.role_of_function("dispatcher"))
        if "sqs:SendMessage" in statement.actions
        for resource in statement.resources
    }
    assert sent == {queue_arn(gpu, "gpu-work"), queue_arn(gpu, "jobs")}


def test_should_have_the_reaper_ask_for_the_queues_length(gpu: Deployment) -> None:
    environment = gpu.render(gpu.function("reaper")["Environment"]["Variables"])

    settings = read_reaper_settings({**environment, EnvVar.AWS_REGION: "set by Lambda"})

    assert set(settings.work_queue_urls) == {Compute.GPU}


def test_should_give_workers_on_standby_no_new_jobs(closed: Deployment) -> None:
    assert "gpu" in closed.stacks
    for function in ("dispatcher", "reaper"):
        variables = closed.function(function)["Environment"]["Variables"]
        assert EnvVar.GPU_WORK_QUEUE_URL not in variables


def test_should_reach_ecs_and_sqs_from_a_closed_network(closed: Deployment) -> None:
    services = {
        str(closed.render(e["Properties"]["ServiceName"])).rpartition("Region>.")[2]
        for e in closed.of_type("AWS::EC2::VPCEndpoint").values()
    }

    assert {"ecs", "ecs-agent", "ecs-telemetry", "sqs", "ecr.api", "ecr.dkr"} <= services


def test_should_watch_the_gpu_workers_by_the_same_runbooks(gpu: Deployment) -> None:
    found = {
        a["Properties"]["AlarmName"].removeprefix("lifestream-dev-gpu-"): a["Properties"]
        for a in gpu.of_type("AWS::CloudWatch::Alarm").values()
        if a["Properties"]["AlarmName"].startswith("lifestream-dev-gpu-")
        and "OKActions" in a["Properties"]
    }

    assert {"work-waiting", "work-dead-letters", "workers-failing", "pool-full"} <= set(found)
    for page, alarm in found.items():
        assert alarm["AlarmDescription"].endswith(f"docs/runbooks/{page}.md")
        assert (ROOT / "docs" / "runbooks" / f"{page}.md").is_file()


def test_should_publish_no_output_of_a_pool(gpu: Deployment) -> None:
    assert Output.WORKER_SERVICE not in gpu.outputs()
