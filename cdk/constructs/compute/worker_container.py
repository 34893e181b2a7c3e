"""A worker's container, on Fargate or on a machine with a GPU: variables, rights, health check."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.workers import WorkersConfig
from cdk.constructs import permissions
from cdk.constructs.compute.container import health_check
from cdk.constructs.compute.processor_container import (
    ProcessorResources,
    add_processor,
    processing_permissions,
    processing_variables,
)
from runtime.core.contract import TRUE, WORKER_COMMAND, WORKER_HEALTH_COMMAND, Device, EnvVar


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerResources(ProcessorResources):
    """What workers use besides: their queue of work, the jobs queue, log group and network."""

    queue: sqs.IQueue
    jobs_queue: sqs.IQueue
    media_bucket_name: str
    log_group: logs.ILogGroup
    subnets: Sequence[ec2.ISubnet]
    security_group: ec2.ISecurityGroup


def add_worker(
    scope: Construct,
    definition: ecs.TaskDefinition,
    *,
    environment: EnvironmentConfig,
    workers: WorkersConfig,
    resources: WorkerResources,
    device: Device = Device.CPU,
    **properties: Any,
) -> None:
    """Add the worker's container to a task definition, and its rights to the task role.

    `properties` are `add_processor`'s.
    """
    seconds = workers.job_timeout_seconds
    add_processor(
        scope,
        definition,
        environment=environment,
        command=WORKER_COMMAND,
        log_group=resources.log_group,
        health_check=health_check(*WORKER_HEALTH_COMMAND),
        variables={
            **processing_variables(
                environment, resources, job_timeout_seconds=seconds, device=device
            ),
            EnvVar.MEDIA_BUCKET: resources.media_bucket_name,
            EnvVar.WORK_QUEUE_URL: resources.queue.queue_url,
            EnvVar.JOBS_QUEUE_URL: resources.jobs_queue.queue_url,
            EnvVar.WORK_VISIBILITY_SECONDS: str(workers.visibility_timeout_seconds),
            EnvVar.ECS_ENABLE_TASK_PROTECTION: TRUE,
        },
        **properties,
    )
    for statement in _permissions(environment, resources):
        definition.add_to_task_role_policy(statement)


def _permissions(
    environment: EnvironmentConfig, resources: WorkerResources
) -> list[iam.PolicyStatement]:
    return [
        *processing_permissions(environment, resources),
        permissions.consume_messages(resources.queue),
        # An attempt that cannot be started is sent back as a new message.
        permissions.send_messages(resources.queue),
        permissions.send_messages(resources.jobs_queue),
        permissions.protect_tasks(resources.cluster),
        *permissions.write_encrypted(resources.key, "sqs"),
    ]
