"""Services of warm workers that pull jobs from a queue and scale with its backlog."""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.workers import GpuConfig, PoolConfig
from cdk.constructs.compute.container import capacity_shares
from cdk.constructs.compute.processor_container import processor_definition
from cdk.constructs.compute.processor_image import processor_image
from cdk.constructs.compute.task_roles import TaskRoles
from cdk.constructs.compute.worker_container import WorkerResources, add_worker
from cdk.constructs.compute.worker_scaling import ScalingBounds, WorkerScaling
from cdk.naming import Names
from runtime.core.contract import Device


class WorkerService(Construct):
    """`service`, `definition`, `task_role` and `scaling`."""

    service: ecs.BaseService
    definition: ecs.TaskDefinition

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentConfig,
        resources: WorkerResources,
    ) -> None:
        super().__init__(scope, construct_id)
        self._environment, self._resources = environment, resources
        self._names = Names(environment.name)
        self._roles = TaskRoles(self)
        self.task_role = self._roles.task

    def _properties(self, name: str) -> dict[str, Any]:
        """Return the properties of the service that do not depend on what it runs on."""
        resources = self._resources
        return {
            "service_name": name,
            "task_definition": self.definition,
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

    def _scale(self, queue_name: str, alarm: str, bounds: ScalingBounds) -> None:
        if self._environment.execute_command:
            # The L2 would add rights that the task role has already, on all resources.
            self.service.node.default_child.enable_execute_command = True  # type: ignore[union-attr]
        self.scaling = WorkerScaling(
            self,
            "Scaling",
            cluster=self._resources.cluster,
            service=self.service,
            queue_name=queue_name,
            bounds=bounds,
            alarm_prefix=self._names.alarm(alarm),
        )


class WorkerPool(WorkerService):
    """Workers on Fargate, of the size of a job's task, on demand and on Spot capacity."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentConfig,
        pool: PoolConfig,
        resources: WorkerResources,
    ) -> None:
        super().__init__(scope, construct_id, environment=environment, resources=resources)
        name, processor = self._names.worker, environment.processor
        self.definition = processor_definition(
            self, environment=environment, family=name, roles=self._roles
        )
        image = processor_image(
            resources.images, processor.image_tag, architecture=processor.architecture
        )
        add_worker(
            self,
            self.definition,
            environment=environment,
            workers=pool,
            resources=resources,
            image=image,
        )
        self.service = ecs.FargateService(
            self,
            "Service",
            **self._properties(name),
            capacity_provider_strategies=capacity_shares(
                FARGATE=(pool.on_demand_base, pool.on_demand_weight),
                FARGATE_SPOT=(0, pool.spot_weight),
            ),
            assign_public_ip=environment.network.public_tasks,
            # A worker stays until its successor runs. Protected ones stay until they are done, and
            # twice as many tasks as wanted leave room for all successors meanwhile.
            min_healthy_percent=100,
            max_healthy_percent=200,
            # No desired count: scaling alone sets it, and a deployment leaves it as it is.
        )
        bounds = ScalingBounds(
            min_tasks=pool.min_tasks,
            max_tasks=pool.max_tasks,
            backlog_per_task=pool.backlog_per_task,
            start=Duration.seconds(pool.start_seconds),
            idle=Duration.minutes(pool.idle_minutes),
        )
        self._scale(self._names.work_queue, "workers", bounds)


class GpuWorkers(WorkerService):
    """Workers on machines with a GPU, one a machine, which come and go with their tasks."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentConfig,
        gpu: GpuConfig,
        resources: WorkerResources,
    ) -> None:
        super().__init__(scope, construct_id, environment=environment, resources=resources)
        name = self._names.gpu_worker
        self.definition = ecs.Ec2TaskDefinition(
            self,
            "Definition",
            family=name,
            network_mode=ecs.NetworkMode.AWS_VPC,
            execution_role=self._roles.execution,
            task_role=self._roles.task,
        )
        add_worker(
            self,
            self.definition,
            environment=environment,
            workers=gpu,
            resources=resources,
            image=processor_image(resources.images, gpu.image_tag, accelerator="gpu"),
            device=Device.CUDA,
            cpu=gpu.cpu,
            memory_limit_mib=gpu.memory_mib,
            gpu_count=1,
        )
        machines = ecs.CapacityProviderStrategy(capacity_provider=self._names.gpu, weight=1)
        self.service = ecs.Ec2Service(
            self,
            "Service",
            **self._properties(name),
            capacity_provider_strategies=[machines],
            # Machines are expensive: an idle worker makes room for its successor, and no
            # deployment takes more of them. Protected ones stay until they are done.
            min_healthy_percent=0,
            max_healthy_percent=100,
        )
        bounds = ScalingBounds(
            min_tasks=0,
            max_tasks=gpu.max_tasks,
            backlog_per_task=1,
            start=Duration.seconds(gpu.start_seconds),
            idle=Duration.minutes(gpu.idle_minutes),
        )
        self._scale(self._names.gpu_work_queue, "gpu-workers", bounds)
