"""A service of warm workers that pull jobs from a queue, as many as what waits there wants."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.pool import PoolConfig
from cdk.constructs.compute.processor_container import fargate_definition
from cdk.constructs.compute.processor_image import processor_image
from cdk.constructs.compute.task_roles import task_roles
from cdk.constructs.compute.worker import Work, add_worker
from cdk.constructs.compute.worker_scaling import Bounds, WorkerScaling
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
        work: Work,
        cluster: ecs.ICluster,
        log_group: logs.ILogGroup,
        subnets: Sequence[ec2.ISubnet],
        security_group: ec2.ISecurityGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        names = Names(environment.name)
        roles = task_roles(self)
        self.task_role = roles.task
        self.definition = fargate_definition(
            self,
            environment=environment,
            family=names.worker,
            execution_role=roles.execution,
            task_role=roles.task,
        )
        add_worker(
            self,
            self.definition,
            environment=environment,
            workers=pool,
            work=work,
            cluster=cluster,
            image=processor_image(
                work.images,
                environment.processor.image_tag,
                architecture=environment.processor.architecture,
            ),
            log_group=log_group,
        )
        self.service = ecs.FargateService(
            self,
            "Service",
            service_name=names.worker,
            cluster=cluster,
            task_definition=self.definition,
            capacity_provider_strategies=_strategy(pool),
            assign_public_ip=False,
            vpc_subnets=ec2.SubnetSelection(subnets=list(subnets)),
            security_groups=[security_group],
            enable_ecs_managed_tags=True,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
            enable_execute_command=False,
            # Moving a task to another zone would stop one that is at work.
            availability_zone_rebalancing=ecs.AvailabilityZoneRebalancing.DISABLED,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            # No worker goes before its successor is there. Protected ones stay until they are
            # done, and twice as many tasks as wanted leave room for all successors meanwhile.
            min_healthy_percent=100,
            max_healthy_percent=200,
            # No desired count: it is the policies' alone, and a deployment leaves it as it is.
        )
        self.scaling = WorkerScaling(
            self,
            "Scaling",
            cluster=cluster,
            service=self.service,
            queue_name=names.work_queue,
            bounds=Bounds(
                min_tasks=pool.min_tasks,
                max_tasks=pool.max_tasks,
                backlog_per_task=pool.backlog_per_task,
                start=Duration.seconds(pool.start_seconds),
                idle=Duration.minutes(pool.idle_minutes),
            ),
            grow_alarm_name=names.alarm("workers-grow"),
            shrink_alarm_name=names.alarm("workers-shrink"),
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
