"""What must hold of the task that processes a video and of the function that starts it."""

import ast
import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from runtime.core.contract import (
    DISPATCHER_HANDLER,
    PROCESSOR_COMMAND,
    PROCESSOR_CONTAINER_NAME,
    EnvVar,
    Output,
)
from runtime.core.jobs import Source
from runtime.dispatcher.settings import read_settings
from runtime.processor.settings import AttemptSettings
from tests.infra.conftest import ROOT
from tests.infra.templates import Deployment

MEGABYTE = 1 << 20


def task(deployment: Deployment) -> Mapping[str, Any]:
    _, definition = deployment.only(
        "AWS::ECS::TaskDefinition", Family=f"lifestream-processor-{deployment.config.name}"
    )
    properties: Mapping[str, Any] = definition["Properties"]
    return properties


def container(deployment: Deployment) -> Mapping[str, Any]:
    (only,) = task(deployment)["ContainerDefinitions"]
    assert only["Name"] == PROCESSOR_CONTAINER_NAME
    properties: Mapping[str, Any] = only
    return properties


def dispatcher(deployment: Deployment) -> Mapping[str, Any]:
    return deployment.function("dispatcher")


def asset_of(deployment: Deployment, function: str = "dispatcher") -> Path:
    key = deployment.function(function)["Code"]["S3Key"]
    return deployment.assets / f"asset.{key.removesuffix('.zip')}"


def test_should_give_a_job_four_vcpus_and_eight_gigabytes_on_fargate(
    deployment: Deployment,
) -> None:
    properties = task(deployment)

    assert (properties["Cpu"], properties["Memory"]) == ("4096", "8192")
    assert properties["RequiresCompatibilities"] == ["FARGATE"]
    assert properties["NetworkMode"] == "awsvpc"
    assert properties["EphemeralStorage"] == {
        "SizeInGiB": deployment.config.processor.ephemeral_storage_gib
    }
    assert properties["RuntimePlatform"]["CpuArchitecture"] == (
        deployment.config.processor.architecture
    )


def test_should_keep_the_rights_of_ecs_apart_from_those_of_our_code(
    deployment: Deployment,
) -> None:
    properties = deployment.render(task(deployment))

    assert properties["TaskRoleArn"] != properties["ExecutionRoleArn"]


def test_should_start_the_processor_so_that_it_can_stop_in_order(deployment: Deployment) -> None:
    properties = container(deployment)

    assert properties["Command"] == list(PROCESSOR_COMMAND)
    assert properties["LinuxParameters"]["InitProcessEnabled"] is True
    assert properties["StopTimeout"] == deployment.config.processor.stop_timeout_seconds


def test_should_have_no_rights_and_nothing_to_write_to_but_its_work_folder(
    deployment: Deployment,
) -> None:
    for definition in deployment.of_type("AWS::ECS::TaskDefinition").values():
        properties = definition["Properties"]
        (only,) = properties["ContainerDefinitions"]
        (volume,) = properties["Volumes"]
        given = {entry["Name"]: entry["Value"] for entry in only["Environment"]}

        assert only["ReadonlyRootFilesystem"] is True
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", only["User"])
        assert only["LinuxParameters"] == {
            "InitProcessEnabled": True,
            "Capabilities": {"Drop": ["ALL"]},
        }
        assert not only.get("Privileged")
        assert only["MountPoints"] == [
            {
                "ContainerPath": given[EnvVar.WORK_DIR],
                "SourceVolume": volume["Name"],
                "ReadOnly": False,
            }
        ]
        # On the task's own disk: no file system of anybody else's.
        assert set(volume) == {"Name"}


def test_should_be_the_user_that_the_image_was_made_for(deployment: Deployment) -> None:
    dockerfile = (ROOT / "Dockerfile.processor").read_text()
    (mounted,) = container(deployment)["MountPoints"]

    assert f"\nUSER {container(deployment)['User']}\n" in dockerfile
    assert f'\nVOLUME ["{mounted["ContainerPath"]}"]\n' in dockerfile


def test_should_open_many_files(deployment: Deployment) -> None:
    for definition in deployment.of_type("AWS::ECS::TaskDefinition").values():
        (only,) = definition["Properties"]["ContainerDefinitions"]
        assert only["Ulimits"] == [{"Name": "nofile", "SoftLimit": 65536, "HardLimit": 65536}]


def test_should_run_the_configured_tag_from_the_environments_own_repository(
    deployment: Deployment,
) -> None:
    repository, _ = deployment.only("AWS::ECR::Repository")
    image = container(deployment)["Image"]["Fn::Join"][1]

    assert f"<{repository}>" in [deployment.render(part) for part in image]
    tag = deployment.config.processor.image_tag
    assert image[-1] == (f"@{tag}" if tag.startswith("sha256:") else f":{tag}")


def test_should_tell_the_processor_what_it_must_know(deployment: Deployment) -> None:
    given = {
        entry["Name"]: deployment.render(entry["Value"])
        for entry in container(deployment)["Environment"]
    }
    source = Source(bucket="any", key="uploads/any.mp4", etag="any", size_bytes=1)
    added_by_run_task = {
        EnvVar.JOB_ID.value: source.job_id,
        EnvVar.JOB_ATTEMPT.value: "1",
        EnvVar.S3_BUCKET.value: source.bucket,
        EnvVar.S3_KEY.value: source.key,
        EnvVar.S3_ETAG.value: source.etag,
    }
    added_by_the_image = {EnvVar.MODELS_DIR.value: "any"}

    settings = AttemptSettings.from_environ({**given, **added_by_run_task, **added_by_the_image})

    assert settings.timeout_seconds == deployment.config.processor.job_timeout_seconds
    assert settings.asr_model == deployment.config.processor.asr_model
    assert settings.quality == deployment.config.processor.quality
    assert settings.scene_model == deployment.config.processor.scene_model
    media = deployment.config.media
    assert settings.limits.max_seconds == media.max_seconds
    assert settings.limits.max_bytes == media.max_gb * 10**9
    assert settings.limits.max_pixels == media.max_megapixels * 10**6
    assert settings.decoder_memory_mb == media.decoder_memory_mib
    assert settings.audio_track == media.audio_track
    assert settings.checkpoint_seconds == media.checkpoint_seconds
    assert settings.log_level == deployment.config.processor.log_level
    assert settings.region == "<AWS::Region>"
    jobs, _ = deployment.only("AWS::DynamoDB::Table", TableName=_named(deployment, "jobs"))
    assert settings.jobs_table == f"<{jobs}>"


def test_should_tell_the_dispatcher_what_it_must_know(on_demand: Deployment) -> None:
    variables = on_demand.render(dispatcher(on_demand)["Environment"]["Variables"])
    definition, _ = on_demand.only(
        "AWS::ECS::TaskDefinition", Family=f"lifestream-processor-{on_demand.config.name}"
    )
    cluster, _ = on_demand.only("AWS::ECS::Cluster")

    settings = read_settings({**variables, EnvVar.AWS_REGION: "set by Lambda"})

    assert settings.tasks is not None
    assert settings.tasks.task_definition == f"<{definition}>"
    assert settings.tasks.cluster == f"<{cluster}>"
    assert settings.claim_lease_seconds == on_demand.config.dispatcher.claim_lease_seconds


def test_should_ask_only_capacity_providers_that_the_cluster_has(on_demand: Deployment) -> None:
    asked = dispatcher(on_demand)["Environment"]["Variables"][EnvVar.CAPACITY_PROVIDERS]
    _, association = on_demand.only("AWS::ECS::ClusterCapacityProviderAssociations")
    assert asked.split(",")[-1] == "FARGATE"  # what always has room comes last
    assert set(asked.split(",")) <= set(association["Properties"]["CapacityProviders"])


def test_should_answer_for_each_message_by_itself(deployment: Deployment) -> None:
    _, mapping = deployment.only("AWS::Lambda::EventSourceMapping")
    properties = mapping["Properties"]
    queue, _ = deployment.only("AWS::SQS::Queue", QueueName=_named(deployment, "jobs"))

    assert deployment.render(properties["EventSourceArn"]) == f"<{queue}.Arn>"
    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert properties["ScalingConfig"] == {
        "MaximumConcurrency": deployment.config.dispatcher.max_concurrency
    }


def test_should_write_to_log_groups_of_known_names_and_retention(deployment: Deployment) -> None:
    groups = deployment.of_type("AWS::Logs::LogGroup")
    names = {
        logical_id: group["Properties"]["LogGroupName"] for logical_id, group in groups.items()
    }
    name = deployment.config.name

    options = deployment.render(container(deployment)["LogConfiguration"]["Options"])
    lambda_group = deployment.render(dispatcher(deployment)["LoggingConfig"]["LogGroup"])

    assert names[options["awslogs-group"].strip("<>")] == f"/ecs/lifestream-processor-{name}"
    assert names[lambda_group.strip("<>")] == f"/aws/lambda/lifestream-dispatcher-{name}"
    assert {group["Properties"]["RetentionInDays"] for group in groups.values()} == {
        deployment.config.storage.log_retention_days
    }


def test_should_watch_the_containers(deployment: Deployment) -> None:
    _, cluster = deployment.only("AWS::ECS::Cluster")

    assert cluster["Properties"]["ClusterSettings"] == [
        {"Name": "containerInsights", "Value": deployment.config.container_insights}
    ]


def test_should_name_the_dispatcher_as_operators_know_it(deployment: Deployment) -> None:
    assert deployment.render(deployment.outputs()[Output.DISPATCHER_FUNCTION]) == (
        f"<{deployment.only('AWS::Lambda::Function', Handler=DISPATCHER_HANDLER)[0]}>"
    )


@pytest.mark.parametrize("function", ["dispatcher", "reaper"])
def test_should_zip_exactly_a_functions_own_code(deployment: Deployment, function: str) -> None:
    asset = asset_of(deployment, function)
    zipped = {path.relative_to(asset) for path in asset.rglob("*") if path.is_file()}
    packages = [ROOT / "runtime" / name for name in ("core", "aws", function)]
    code = {path.relative_to(ROOT) for package in packages for path in package.rglob("*.py")}

    assert zipped == code | {Path("runtime/__init__.py")}


def test_should_keep_the_zip_below_a_megabyte(deployment: Deployment) -> None:
    asset = asset_of(deployment)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for path in asset.rglob("*"):
            out.write(path, path.relative_to(asset))

    assert len(archive.getvalue()) < MEGABYTE


def test_should_point_lambda_to_a_function_that_is_in_the_zip(deployment: Deployment) -> None:
    module, _, function = dispatcher(deployment)["Handler"].rpartition(".")
    source = asset_of(deployment) / f"{module.replace('.', '/')}.py"

    defined = {
        node.name
        for node in ast.parse(source.read_text()).body
        if isinstance(node, ast.FunctionDef)
    }

    assert f"{module}.{function}" == DISPATCHER_HANDLER
    assert function in defined


def _named(deployment: Deployment, what: str) -> str:
    return f"lifestream-{what}-{deployment.config.name}"
