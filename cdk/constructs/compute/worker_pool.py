"""A Fargate service of warm workers that pull jobs from a queue and scale with its backlog."""

from aws_cdk import Duration
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.workers import PoolConfig
from cdk.constructs.compute.processor_container import fargate_definition
from cdk.constructs.compute.processor_image import processor_image
from cdk.constructs.compute.task_roles import TaskRoles
from cdk.constructs.compute.worker_container import WorkerResources, add_worker, service_properties
from cdk.constructs.compute.worker_scaling import ScalingBounds, WorkerScaling
from cdk.naming import Names


class WorkerPool(Construct):
    """`service`, `definition`, `task_role` and `scaling`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentConfig,
        pool: PoolConfig,
        resources: WorkerResources,
    ) -> None:
        super().__init__(scope, construct_id)
        names = Names(environment.name)
        roles = TaskRoles(self)
        self.task_role = roles.task
        self.definition = fargate_definition(
            self, environment=environment, family=names.worker, roles=roles
        )
        add_worker(
            self,
            self.definition,
            environment=environment,
            workers=pool,
            resources=resources,
            image=processor_image(
                resources.images,
                environment.processor.image_tag,
                architecture=environment.processor.architecture,
            ),
        )
        self.service = ecs.FargateService(
            self,
            "Service",
            **service_properties(names.worker, resources),
            task_definition=self.definition,
            capacity_provider_strategies=_strategy(pool),
            assign_public_ip=environment.network.public_tasks,
            # A worker stays until its successor runs. Protected ones stay until they are done,
            # and twice as many tasks as wanted leave room for all successors meanwhile.
            min_healthy_percent=100,
            max_healthy_percent=200,
            # No desired count: scaling alone sets it, and a deployment leaves it as it is.
        )
        self.scaling = WorkerScaling(
            self,
            "Scaling",
            cluster=resources.cluster,
            service=self.service,
            queue_name=names.work_queue,
            bounds=ScalingBounds(
                min_tasks=pool.min_tasks,
                max_tasks=pool.max_tasks,
                backlog_per_task=pool.backlog_per_task,
                start=Duration.seconds(pool.start_seconds),
                idle=Duration.minutes(pool.idle_minutes),
            ),
            alarm_prefix=names.alarm("workers"),
        )


def _strategy(pool: PoolConfig) -> list[ecs.CapacityProviderStrategy]:
    shares = {
        "FARGATE": (pool.on_demand_base, pool.on_demand_weight),
        "FARGATE_SPOT": (0, pool.spot_weight),
    }
    return [
        ecs.CapacityProviderStrategy(capacity_provider=provider, base=base, weight=weight)
        for provider, (base, weight) in shares.items()
        if weight
    ]
