"""What every worker is, whatever it runs on: what it works on, is told, may do and answers to."""

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.gpu import GpuConfig
from cdk.config.pool import PoolConfig
from cdk.constructs import permissions
from cdk.constructs.compute.processor_container import (
    add_processor,
    processing_permissions,
    processing_variables,
)
from runtime.core.contract import WORKER_COMMAND, WORKER_HEALTH_COMMAND, Device, EnvVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What workers work on: queues, records, images, and the key of what is encrypted."""

    queue: sqs.IQueue
    jobs_queue: sqs.IQueue
    jobs_table: dynamodb.ITable
    idempotency_table: dynamodb.ITable
    media_bucket_name: str
    images: ecr.IRepository
    key: kms.IKey | None


def add_worker(
    scope: Construct,
    definition: ecs.TaskDefinition,
    *,
    environment: EnvironmentConfig,
    workers: PoolConfig | GpuConfig,
    work: Work,
    cluster: ecs.ICluster,
    image: ecs.ContainerImage,
    log_group: logs.ILogGroup,
    device: Device = Device.CPU,
    cpu: int | None = None,
    memory_mib: int | None = None,
    gpus: int | None = None,
) -> None:
    """Add the worker's container to a task definition, and to its role what a worker may do."""
    add_processor(
        scope,
        definition,
        environment=environment,
        image=image,
        command=WORKER_COMMAND,
        log_group=log_group,
        health_check=_health_check(),
        cpu=cpu,
        memory_mib=memory_mib,
        gpus=gpus,
        variables={
            **processing_variables(
                environment,
                cluster=cluster,
                jobs_table=work.jobs_table,
                idempotency_table=work.idempotency_table,
                job_timeout_seconds=workers.job_timeout_seconds,
                device=device,
            ),
            **_variables(work, workers.visibility_timeout_seconds),
        },
    )
    for statement in _permissions(environment, work, cluster):
        definition.add_to_task_role_policy(statement)


def _health_check() -> ecs.HealthCheck:
    """Return the check that a worker answers on its own loopback, and can work at all."""
    return ecs.HealthCheck(
        command=["CMD", *WORKER_HEALTH_COMMAND],
        interval=Duration.seconds(30),
        timeout=Duration.seconds(5),
        retries=3,
        start_period=Duration.seconds(60),
    )


def _variables(work: Work, visibility_timeout_seconds: int) -> dict[str, str]:
    """Return what a worker is told besides what every processor is."""
    return {
        EnvVar.MEDIA_BUCKET.value: work.media_bucket_name,
        EnvVar.WORK_QUEUE_URL.value: work.queue.queue_url,
        EnvVar.JOBS_QUEUE_URL.value: work.jobs_queue.queue_url,
        EnvVar.WORK_VISIBILITY_SECONDS.value: str(visibility_timeout_seconds),
        EnvVar.ECS_ENABLE_TASK_PROTECTION.value: "true",
    }


def _permissions(
    environment: EnvironmentConfig, work: Work, cluster: ecs.ICluster
) -> list[iam.PolicyStatement]:
    return [
        *processing_permissions(
            environment,
            jobs_table=work.jobs_table,
            idempotency_table=work.idempotency_table,
            key=work.key,
        ),
        permissions.work_off(work.queue),
        permissions.send_messages(work.jobs_queue),
        permissions.protect_tasks(cluster),
        *permissions.write_encrypted(work.key, "sqs"),
    ]
