"""The same worker on machines with a GPU, which come and go with its tasks."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.gpu import GpuConfig
from cdk.constructs.compute.processor_image import processor_image
from cdk.constructs.compute.task_roles import task_roles
from cdk.constructs.compute.worker import Work, add_worker
from cdk.constructs.compute.worker_scaling import Bounds, WorkerScaling
from cdk.naming import Names
from runtime.core.contract import Device

_GPUS = 1


class GpuWorkers(Construct):
    """`service`, `definition`, `task_role` and `scaling`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentConfig,
        gpu: GpuConfig,
        work: Work,
        cluster: ecs.ICluster,
        capacity_provider: str,
        log_group: logs.ILogGroup,
        subnets: Sequence[ec2.ISubnet],
        security_group: ec2.ISecurityGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        names = Names(environment.name)
        roles = task_roles(self)
        self.task_role = roles.task
        self.definition = ecs.Ec2TaskDefinition(
            self,
            "Definition",
            family=names.gpu_worker,
            network_mode=ecs.NetworkMode.AWS_VPC,
            execution_role=roles.execution,
            task_role=roles.task,
        )
        add_worker(
            self,
            self.definition,
            environment=environment,
            workers=gpu,
            work=work,
            cluster=cluster,
            image=processor_image(work.images, gpu.image_tag, accelerator="gpu"),
            log_group=log_group,
            device=Device.CUDA,
            cpu=gpu.cpu,
            memory_mib=gpu.memory_mib,
            gpus=_GPUS,
        )
        self.service = ecs.Ec2Service(
            self,
            "Service",
            service_name=names.gpu_worker,
            cluster=cluster,
            task_definition=self.definition,
            capacity_provider_strategies=[
                ecs.CapacityProviderStrategy(capacity_provider=capacity_provider, weight=1)
            ],
            vpc_subnets=ec2.SubnetSelection(subnets=list(subnets)),
            security_groups=[security_group],
            enable_ecs_managed_tags=True,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
            enable_execute_command=False,
            availability_zone_rebalancing=ecs.AvailabilityZoneRebalancing.DISABLED,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            # Machines are dear: an idle worker makes room for its successor, and no deployment
            # takes more of them. Protected ones stay until they are done.
            min_healthy_percent=0,
            max_healthy_percent=100,
        )
        self.scaling = WorkerScaling(
            self,
            "Scaling",
            cluster=cluster,
            service=self.service,
            queue_name=names.gpu_work_queue,
            bounds=Bounds(
                min_tasks=0,
                max_tasks=gpu.max_tasks,
                backlog_per_task=1,
                start=Duration.seconds(gpu.start_seconds),
                idle=Duration.minutes(gpu.idle_minutes),
            ),
            grow_alarm_name=names.alarm("gpu-workers-grow"),
            shrink_alarm_name=names.alarm("gpu-workers-shrink"),
        )
