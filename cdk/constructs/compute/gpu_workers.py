"""Workers on machines with a GPU, which come and go with their tasks."""

from aws_cdk import Duration
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.workers import GpuConfig
from cdk.constructs.compute.processor_image import processor_image
from cdk.constructs.compute.task_roles import TaskRoles
from cdk.constructs.compute.worker_container import WorkerResources, add_worker, service_properties
from cdk.constructs.compute.worker_scaling import ScalingBounds, WorkerScaling
from cdk.naming import Names
from runtime.core.contract import Device


class GpuWorkers(Construct):
    """`service`, `definition`, `task_role` and `scaling`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentConfig,
        gpu: GpuConfig,
        resources: WorkerResources,
    ) -> None:
        super().__init__(scope, construct_id)
        names = Names(environment.name)
        roles = TaskRoles(self)
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
            resources=resources,
            image=processor_image(resources.images, gpu.image_tag, accelerator="gpu"),
            device=Device.CUDA,
            cpu=gpu.cpu,
            memory_mib=gpu.memory_mib,
            gpus=1,
        )
        self.service = ecs.Ec2Service(
            self,
            "Service",
            **service_properties(names.gpu_worker, resources),
            task_definition=self.definition,
            capacity_provider_strategies=[
                ecs.CapacityProviderStrategy(capacity_provider=names.gpu, weight=1)
            ],
            # Machines are expensive: an idle worker makes room for its successor, and no
            # deployment takes more of them. Protected ones stay until they are done.
            min_healthy_percent=0,
            max_healthy_percent=100,
        )
        self.scaling = WorkerScaling(
            self,
            "Scaling",
            cluster=resources.cluster,
            service=self.service,
            queue_name=names.gpu_work_queue,
            bounds=ScalingBounds(
                min_tasks=0,
                max_tasks=gpu.max_tasks,
                backlog_per_task=1,
                start=Duration.seconds(gpu.start_seconds),
                idle=Duration.minutes(gpu.idle_minutes),
            ),
            alarm_prefix=names.alarm("gpu-workers"),
        )
