"""What must hold of the service of warm workers: its task, its deployments, its rights."""

from collections.abc import Mapping
from typing import Any

import pytest

from cdk.config.workers import PoolConfig
from runtime.core.contract import (
    PROCESSOR_CONTAINER_NAME,
    WORKER_COMMAND,
    WORKER_HEALTH_COMMAND,
    EnvVar,
    Output,
)
from runtime.processor.settings import WorkerSettings
from tests.infra.conftest import ROOT, synthesize
from tests.infra.templates import Deployment, Statement
from tests.infra.test_permissions import (
    cluster,
    in_cluster,
    media_arn,
    object_grants,
    queue_arn,
    table_arn,
    tasks,
    the_one_with,
)

DEV = (ROOT / "environments" / "dev.toml").read_text().replace('"on_demand"', '"pool"')


def definition(deployment: Deployment) -> Mapping[str, Any]:
    name = f"lifestream-worker-{deployment.config.name}"
    _, found = deployment.only("AWS::ECS::TaskDefinition", Family=name)
    properties: Mapping[str, Any] = found["Properties"]
    return properties


def container(deployment: Deployment) -> Mapping[str, Any]:
    (only,) = definition(deployment)["ContainerDefinitions"]
    properties: Mapping[str, Any] = only
    return properties


def service(deployment: Deployment) -> Mapping[str, Any]:
    _, found = deployment.only("AWS::ECS::Service")
    properties: Mapping[str, Any] = found["Properties"]
    return properties


def pool(deployment: Deployment) -> PoolConfig:
    assert deployment.config.pool is not None
    return deployment.config.pool


def role(deployment: Deployment, key: str) -> str:
    arn: str = deployment.render(definition(deployment)[key])
    return arn.removeprefix("<").removesuffix(".Arn>")


def granted(deployment: Deployment, key: str, prefix: str = "") -> set[tuple[str, str]]:
    return {
        (action, resource)
        for s in deployment.of_role(role(deployment, key))
        for action in s.actions
        for resource in s.resources
        if action.startswith(prefix)
    }


# Where there is none


def test_should_have_nothing_of_a_pool_without_one(on_demand: Deployment) -> None:
    assert "workers" not in on_demand.stacks
    assert not on_demand.of_type("AWS::ECS::Service")
    assert not on_demand.of_type("AWS::ApplicationAutoScaling::ScalableTarget")


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_should_have_a_protected_pool_from_zero_where_releases_go(
    name: str, deployments: Mapping[str, Deployment]
) -> None:
    _, target = deployments[name].only("AWS::ApplicationAutoScaling::ScalableTarget")
    actions = {action for s in deployments[name].statements() for action in s.actions}

    assert target["Properties"]["MinCapacity"] == 0
    assert "ecs:UpdateTaskProtection" in actions
    assert "ecs:RunTask" not in actions


# The task


def test_should_be_as_large_as_a_task_of_one_job(pooled: Deployment) -> None:
    properties = definition(pooled)

    assert (properties["Cpu"], properties["Memory"]) == ("4096", "8192")
    assert properties["RequiresCompatibilities"] == ["FARGATE"]
    assert properties["EphemeralStorage"] == {
        "SizeInGiB": pooled.config.processor.ephemeral_storage_gib
    }


def test_should_run_the_worker_of_the_same_image(pooled: Deployment) -> None:
    _, one_job = pooled.only("AWS::ECS::TaskDefinition", Family="lifestream-processor-dev")
    (processor,) = one_job["Properties"]["ContainerDefinitions"]
    properties = container(pooled)

    assert properties["Name"] == PROCESSOR_CONTAINER_NAME
    assert properties["Command"] == list(WORKER_COMMAND)
    assert pooled.render(properties["Image"]) == pooled.render(processor["Image"])
    assert pooled.render(properties["LogConfiguration"]) == (
        pooled.render(processor["LogConfiguration"])
    )


def test_should_ask_the_worker_on_its_loopback_how_it_is(pooled: Deployment) -> None:
    check = container(pooled)["HealthCheck"]

    assert check["Command"] == ["CMD", *WORKER_HEALTH_COMMAND]
    assert (check["Interval"], check["Timeout"]) == (30, 5)
    assert (check["Retries"], check["StartPeriod"]) == (3, 60)
    assert "PortMappings" not in container(pooled)


def test_should_tell_the_worker_what_it_must_know(pooled: Deployment) -> None:
    given = {
        entry["Name"]: pooled.render(entry["Value"]) for entry in container(pooled)["Environment"]
    }
    urls = {key: pooled.outputs()[key] for key in (Output.WORK_QUEUE_URL, Output.JOBS_QUEUE_URL)}

    assert given == {
        EnvVar.ENVIRONMENT: "dev",
        EnvVar.LOG_LEVEL: "INFO",
        EnvVar.AWS_REGION: "<AWS::Region>",
        EnvVar.ECS_CLUSTER_NAME: f"<{cluster(pooled)}>",
        EnvVar.JOBS_TABLE: table_arn(pooled, "jobs").replace(".Arn", ""),
        EnvVar.IDEMPOTENCY_TABLE: table_arn(pooled, "idempotency").replace(".Arn", ""),
        EnvVar.MEDIA_BUCKET: pooled.outputs()[Output.MEDIA_BUCKET],
        EnvVar.WORK_QUEUE_URL: urls[Output.WORK_QUEUE_URL],
        EnvVar.JOBS_QUEUE_URL: urls[Output.JOBS_QUEUE_URL],
        EnvVar.WORK_VISIBILITY_SECONDS: str(pool(pooled).visibility_timeout_seconds),
        EnvVar.MAX_ATTEMPTS: str(pooled.config.reaper.max_attempts),
        EnvVar.WORK_DIR: "/tmp",  # noqa: S108 - the container's
        EnvVar.JOB_TIMEOUT_SECONDS: str(pool(pooled).job_timeout_seconds),
        EnvVar.STOP_TIMEOUT_SECONDS: str(pooled.config.processor.stop_timeout_seconds),
        EnvVar.ASR_MODEL: pooled.config.processor.asr_model,
        EnvVar.QUALITY: pooled.config.processor.quality,
        EnvVar.SCENE_MODEL: pooled.config.processor.scene_model,
        EnvVar.MAX_MEDIA_SECONDS: "46800",
        EnvVar.MAX_MEDIA_BYTES: "35000000000",
        EnvVar.MAX_MEDIA_PIXELS: "36000000",
        EnvVar.DECODER_MEMORY_MB: "4096",
        EnvVar.AUDIO_TRACK: "default",
        EnvVar.CHECKPOINT_SECONDS: "20",
        EnvVar.DEVICE: "cpu",
        EnvVar.TRACING: "true",
        EnvVar.ECS_ENABLE_TASK_PROTECTION: "true",
    }
    WorkerSettings.from_environ({**given, EnvVar.MODELS_DIR.value: "set by the image"})


# The service


def test_should_leave_the_number_of_workers_to_scaling(pooled: Deployment) -> None:
    assert "DesiredCount" not in service(pooled)


def test_should_stop_no_worker_but_an_idle_one_and_start_its_successor_first(
    pooled: Deployment,
) -> None:
    properties = service(pooled)
    deployment = properties["DeploymentConfiguration"]

    assert properties["AvailabilityZoneRebalancing"] == "DISABLED"
    assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert deployment["MinimumHealthyPercent"] == 100
    assert deployment["MaximumPercent"] == 200


def test_should_give_workers_no_public_address_and_no_one_a_shell(
    deployments: Mapping[str, Deployment],
) -> None:
    pooled = deployments["staging"]
    network = pooled.render(service(pooled)["NetworkConfiguration"]["AwsvpcConfiguration"])
    group, _ = pooled.only(
        "AWS::EC2::SecurityGroup", GroupDescription="Lifestream tasks: nothing in, HTTPS out"
    )

    assert network["AssignPublicIp"] == "DISABLED"
    assert network["SecurityGroups"] == [f"<{group}.GroupId>"]
    assert len(network["Subnets"]) == pooled.config.network.zones
    assert service(pooled)["EnableExecuteCommand"] is False


def test_should_pass_the_tags_of_the_service_on_to_its_tasks(pooled: Deployment) -> None:
    assert service(pooled)["EnableECSManagedTags"] is True
    assert service(pooled)["PropagateTags"] == "SERVICE"


def test_should_publish_the_services_name(pooled: Deployment) -> None:
    logical_id, found = pooled.only("AWS::ECS::Service")

    assert found["Properties"]["ServiceName"] == "lifestream-worker-dev"
    assert pooled.outputs()[Output.WORKER_SERVICE] == f"<{logical_id}.Name>"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [("FARGATE_SPOT", 0, 1)]),
        (
            {"on_demand_weight": 1, "on_demand_base": 2, "spot_weight": 3},
            [("FARGATE", 2, 1), ("FARGATE_SPOT", 0, 3)],
        ),
        ({"on_demand_weight": 1, "spot_weight": 0}, [("FARGATE", 0, 1)]),
    ],
)
def test_should_share_workers_among_capacity_as_configured(
    changes: dict[str, int], expected: list[tuple[str, int, int]]
) -> None:
    text = DEV
    for key, value in changes.items():
        # The table of the pool comes before that of the services.
        text = text.replace(f"\n{key} = ", f"\n{key} = {value} # ", 1)

    strategy = service(synthesize(text))["CapacityProviderStrategy"]

    assert [(s["CapacityProvider"], s["Base"], s["Weight"]) for s in strategy] == expected


# Its rights


def test_should_let_a_worker_do_with_data_what_a_task_of_one_job_may(pooled: Deployment) -> None:
    media, jobs = media_arn(pooled), table_arn(pooled, "jobs")

    assert object_grants(pooled, role(pooled, "TaskRoleArn")) == {
        ("s3:GetObject", f"{media}/uploads/*"),
        ("s3:GetObject", f"{media}/work/*"),
        ("s3:GetObject", f"{media}/results/*"),
        ("s3:DeleteObject", f"{media}/results/*"),
        ("s3:PutObject", f"{media}/work/*"),
        ("s3:PutObject", f"{media}/results/*"),
        ("s3:AbortMultipartUpload", f"{media}/work/*"),
        ("s3:AbortMultipartUpload", f"{media}/results/*"),
        ("s3:ListBucket", media),
    }
    assert granted(pooled, "TaskRoleArn", "dynamodb:") == {
        ("dynamodb:GetItem", jobs),
        ("dynamodb:PutItem", jobs),
        ("dynamodb:PutItem", table_arn(pooled, "idempotency")),
    }


def test_should_let_a_worker_work_off_its_queue_and_put_jobs_back(pooled: Deployment) -> None:
    work = queue_arn(pooled, "work")

    assert granted(pooled, "TaskRoleArn", "sqs:") == {
        ("sqs:ReceiveMessage", work),
        ("sqs:ChangeMessageVisibility", work),
        ("sqs:DeleteMessage", work),
        ("sqs:SendMessage", work),
        ("sqs:SendMessage", queue_arn(pooled, "jobs")),
    }


def test_should_let_workers_protect_tasks_of_their_cluster_only(pooled: Deployment) -> None:
    statement: Statement = the_one_with(
        pooled, role(pooled, "TaskRoleArn"), "ecs:UpdateTaskProtection"
    )

    assert statement.actions == {"ecs:UpdateTaskProtection", "ecs:GetTaskProtection"}
    assert statement.resources == {tasks(pooled)}
    assert statement.conditions == in_cluster(pooled)


def test_should_let_a_worker_do_nothing_else(pooled: Deployment) -> None:
    services = {action.partition(":")[0] for action, _ in granted(pooled, "TaskRoleArn")}

    assert services == {"s3", "dynamodb", "sqs", "ecs", "xray"}


def test_should_let_ecs_pull_the_image_and_write_the_log_and_nothing_else(
    pooled: Deployment,
) -> None:
    services = {action.partition(":")[0] for action, _ in granted(pooled, "ExecutionRoleArn")}

    assert services == {"ecr", "logs"}
