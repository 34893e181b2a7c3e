"""A worker's container, on Fargate or on a machine with a GPU: variables, rights, health check."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.workers import WorkersConfig
from cdk.constructs import permissions
from cdk.constructs.compute.processor_container import (
    ProcessorResources,
    add_processor,
    processing_permissions,
    processing_variables,
)
from runtime.core.contract import WORKER_COMMAND, WORKER_HEALTH_COMMAND, Device, EnvVar


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
    image: ecs.ContainerImage,
    device: Device = Device.CPU,
    **size: int,
) -> None:
    """Add the worker's container to a task definition, and its rights to the task role.

    `size` is `add_processor`'s `cpu`, `memory_mib` and `gpus`.
    """
    add_processor(
        scope,
        definition,
        environment=environment,
        image=image,
        command=WORKER_COMMAND,
        log_group=resources.log_group,
        health_check=_health_check(),
        variables={
            **processing_variables(
                environment,
                resources,
                job_timeout_seconds=workers.job_timeout_seconds,
                device=device,
            ),
            EnvVar.MEDIA_BUCKET.value: resources.media_bucket_name,
            EnvVar.WORK_QUEUE_URL.value: resources.queue.queue_url,
            EnvVar.JOBS_QUEUE_URL.value: resources.jobs_queue.queue_url,
            EnvVar.WORK_VISIBILITY_SECONDS.value: str(workers.visibility_timeout_seconds),
            EnvVar.ECS_ENABLE_TASK_PROTECTION.value: "true",
        },
        **size,
    )
    for statement in _permissions(environment, resources):
        definition.add_to_task_role_policy(statement)


def service_properties(name: str, resources: WorkerResources) -> dict[str, Any]:
    """Return the properties of a worker service that do not depend on what it runs on."""
    return {
        "service_name": name,
        "cluster": resources.cluster,
        "vpc_subnets": ec2.SubnetSelection(subnets=list(resources.subnets)),
        "security_groups": [resources.security_group],
        "enable_ecs_managed_tags": True,
        "propagate_tags": ecs.PropagatedTagSource.SERVICE,
        "enable_execute_command": False,
        # Moving a task to another zone would stop one that is at work.
        "availability_zone_rebalancing": ecs.AvailabilityZoneRebalancing.DISABLED,
        "circuit_breaker": ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
    }


def _health_check() -> ecs.HealthCheck:
    """Return the check of the endpoint that a worker serves on its own loopback."""
    return ecs.HealthCheck(
        command=["CMD", *WORKER_HEALTH_COMMAND],
        interval=Duration.seconds(30),
        timeout=Duration.seconds(5),
        retries=3,
        start_period=Duration.seconds(60),
    )


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
