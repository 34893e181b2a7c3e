"""Workers on machines with a GPU, which come and go with their tasks."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.workers import GpuConfig
from cdk.constructs.compute.processor_image import processor_image
from cdk.constructs.compute.task_roles import TaskRoles
from cdk.constructs.compute.worker_container import WorkerResources
from cdk.constructs.compute.worker_scaling import ScalingBounds
from cdk.constructs.compute.worker_service import WorkerKind, WorkerService
from cdk.naming import Names
from runtime.core.contract import Device


class GpuWorkers(WorkerService):
    """One worker a machine."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentConfig,
        gpu: GpuConfig,
        resources: WorkerResources,
    ) -> None:
        names = Names(environment.name)

        def define(scope: Construct, roles: TaskRoles) -> ecs.TaskDefinition:
            return ecs.Ec2TaskDefinition(
                scope,
                "Definition",
                family=names.gpu_worker,
                network_mode=ecs.NetworkMode.AWS_VPC,
                execution_role=roles.execution,
                task_role=roles.task,
            )

        def serve(scope: Construct, properties: Mapping[str, Any]) -> ecs.BaseService:
            return ecs.Ec2Service(
                scope,
                "Service",
                **properties,
                capacity_provider_strategies=[
                    ecs.CapacityProviderStrategy(capacity_provider=names.gpu, weight=1)
                ],
                # Machines are expensive: an idle worker makes room for its successor, and no
                # deployment takes more of them. Protected ones stay until they are done.
                min_healthy_percent=0,
                max_healthy_percent=100,
            )

        super().__init__(
            scope,
            construct_id,
            environment=environment,
            workers=gpu,
            resources=resources,
            kind=WorkerKind(
                name=names.gpu_worker,
                queue_name=names.gpu_work_queue,
                alarm_prefix=names.alarm("gpu-workers"),
                image=processor_image(resources.images, gpu.image_tag, accelerator="gpu"),
                define=define,
                serve=serve,
                bounds=ScalingBounds(
                    min_tasks=0,
                    max_tasks=gpu.max_tasks,
                    backlog_per_task=1,
                    start=Duration.seconds(gpu.start_seconds),
                    idle=Duration.minutes(gpu.idle_minutes),
                ),
                container={
                    "device": Device.CUDA,
                    "cpu": gpu.cpu,
                    "memory_mib": gpu.memory_mib,
                    "gpus": 1,
                },
            ),
        )
