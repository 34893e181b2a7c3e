"""Warm workers on Fargate."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.workers import PoolConfig
from cdk.constructs.compute.processor_container import fargate_definition
from cdk.constructs.compute.processor_image import processor_image
from cdk.constructs.compute.worker_container import WorkerResources
from cdk.constructs.compute.worker_scaling import ScalingBounds
from cdk.constructs.compute.worker_service import WorkerKind, WorkerService
from cdk.naming import Names


class WorkerPool(WorkerService):
    """Workers of the size of a job's task, on demand and on Spot capacity."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentConfig,
        pool: PoolConfig,
        resources: WorkerResources,
    ) -> None:
        names = Names(environment.name)

        def serve(scope: Construct, properties: Mapping[str, Any]) -> ecs.BaseService:
            return ecs.FargateService(
                scope,
                "Service",
                **properties,
                capacity_provider_strategies=_strategy(pool),
                assign_public_ip=environment.network.public_tasks,
                # A worker stays until its successor runs. Protected ones stay until they are done,
                # and twice as many tasks as wanted leave room for all successors meanwhile.
                min_healthy_percent=100,
                max_healthy_percent=200,
                # No desired count: scaling alone sets it, and a deployment leaves it as it is.
            )

        super().__init__(
            scope,
            construct_id,
            environment=environment,
            workers=pool,
            resources=resources,
            kind=WorkerKind(
                name=names.worker,
                queue_name=names.work_queue,
                alarm_prefix=names.alarm("workers"),
                image=processor_image(
                    resources.images,
                    environment.processor.image_tag,
                    architecture=environment.processor.architecture,
                ),
                define=lambda scope, roles: fargate_definition(
                    scope, environment=environment, family=names.worker, roles=roles
                ),
                serve=serve,
                bounds=ScalingBounds(
                    min_tasks=pool.min_tasks,
                    max_tasks=pool.max_tasks,
                    backlog_per_task=pool.backlog_per_task,
                    start=Duration.seconds(pool.start_seconds),
                    idle=Duration.minutes(pool.idle_minutes),
                ),
            ),
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
