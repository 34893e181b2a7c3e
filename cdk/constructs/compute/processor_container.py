"""The container that processes videos, the same for one job and for a worker."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import Aws, Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.media import GB, MEGAPIXEL
from cdk.constructs import permissions
from cdk.constructs.compute.container import WORK_DIR, Variables, add_container, fargate_definition
from cdk.constructs.compute.summary_model import (
    summary_permissions,
    summary_secrets,
    summary_variables,
)
from cdk.constructs.compute.task_roles import TaskRoles
from cdk.constructs.observability.tracing import tracing_permissions, tracing_variable
from cdk.naming import Names, bucket_arn
from runtime.core.contract import PROCESSOR_CONTAINER_NAME, TRUE, Device, EnvVar


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorResources:
    """What a processor uses: cluster, images, records, and the encryption key or None."""

    cluster: ecs.ICluster
    images: ecr.IRepository
    jobs_table: dynamodb.ITable
    idempotency_table: dynamodb.ITable
    key: kms.IKey | None


def processor_definition(
    scope: Construct, *, environment: EnvironmentConfig, family: str, roles: TaskRoles
) -> ecs.FargateTaskDefinition:
    """Return a new task definition of the configured size, without a container."""
    size = environment.processor
    return fargate_definition(
        scope, family=family, size=size, roles=roles, disk_gib=size.ephemeral_storage_gib
    )


def add_processor(
    scope: Construct,
    definition: ecs.TaskDefinition,
    *,
    environment: EnvironmentConfig,
    command: Sequence[str],
    variables: Variables,
    log_group: logs.ILogGroup,
    **properties: Any,
) -> None:
    """Add the container to a task definition; `properties` are further ones of the L2.

    On an EC2 machine, `cpu`, `memory_limit_mib` and `gpu_count` are what it reserves of it; on
    Fargate the task's size is the container's.
    """
    add_container(
        scope,
        definition,
        PROCESSOR_CONTAINER_NAME,
        command=command,
        variables=variables,
        secrets=summary_secrets(scope, environment),
        log_group=log_group,
        # The agent of ECS Exec writes to the root file system.
        readonly_root_filesystem=not environment.execute_command,
        stop_timeout=Duration.seconds(environment.processor.stop_timeout_seconds),
        **properties,
    )


def processing_variables(
    environment: EnvironmentConfig,
    resources: ProcessorResources,
    *,
    job_timeout_seconds: int,
    device: Device = Device.CPU,
) -> Variables:
    """Return the environment variables of the processor's code, on demand and in a pool."""
    settings, media = environment.processor, environment.media
    return {
        EnvVar.ENVIRONMENT: environment.name,
        EnvVar.LOG_LEVEL: settings.log_level,
        EnvVar.AWS_REGION: Aws.REGION,
        EnvVar.ECS_CLUSTER_NAME: resources.cluster.cluster_name,
        EnvVar.JOBS_TABLE: resources.jobs_table.table_name,
        EnvVar.IDEMPOTENCY_TABLE: resources.idempotency_table.table_name,
        EnvVar.MAX_ATTEMPTS: str(environment.reaper.max_attempts),
        EnvVar.WORK_DIR: WORK_DIR,
        EnvVar.JOB_TIMEOUT_SECONDS: str(job_timeout_seconds),
        EnvVar.STOP_TIMEOUT_SECONDS: str(settings.stop_timeout_seconds),
        EnvVar.ASR_MODEL: settings.asr_model,
        EnvVar.QUALITY: settings.quality,
        EnvVar.SCENE_MODEL: settings.scene_model,
        EnvVar.MAX_MEDIA_SECONDS: str(media.max_seconds),
        EnvVar.MAX_MEDIA_BYTES: str(media.max_gb * GB),
        EnvVar.MAX_MEDIA_PIXELS: str(media.max_megapixels * MEGAPIXEL),
        EnvVar.DECODER_MEMORY_MB: str(media.decoder_memory_mib),
        EnvVar.AUDIO_TRACK: media.audio_track,
        EnvVar.CHECKPOINT_SECONDS: str(media.checkpoint_seconds),
        **summary_variables(environment),
        **_voices_variable(environment),
        EnvVar.DEVICE: device.value,
        EnvVar.TRACING: tracing_variable(environment),
    }


def _voices_variable(environment: EnvironmentConfig) -> Variables:
    service = environment.services
    return {EnvVar.KNOWN_VOICES: TRUE if service and service.known_voices else None}


def processing_permissions(
    environment: EnvironmentConfig, resources: ProcessorResources
) -> list[iam.PolicyStatement]:
    """Return what the processor's code may do with data, on demand and in a pool."""
    names = Names(environment.name)
    return [
        *permissions.process_jobs(
            bucket_arn(names.media_bucket),
            jobs_table=resources.jobs_table,
            idempotency_table=resources.idempotency_table,
            key=resources.key,
        ),
        *tracing_permissions(environment),
        *summary_permissions(environment, idempotency_table=resources.idempotency_table),
        *(permissions.run_commands(names.command_log_group) if environment.execute_command else ()),
    ]
