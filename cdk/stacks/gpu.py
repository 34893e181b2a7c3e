"""Workers with a GPU, where an environment has the target; their machines are the cluster's."""

from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.gpu import GpuConfig
from cdk.constructs.compute.gpu_workers import GpuWorkers
from cdk.constructs.compute.worker import Work
from cdk.constructs.environment_stack import EnvironmentStack
from cdk.stacks.network import NetworkStack
from cdk.stacks.processing import ProcessingStack


class GpuStack(EnvironmentStack):
    """`workers`."""

    def __init__(
        self,
        scope: Construct,
        *,
        environment: EnvironmentConfig,
        key: kms.IKey | None,
        gpu: GpuConfig,
        work: Work,
        network: NetworkStack,
        processing: ProcessingStack,
    ) -> None:
        super().__init__(
            scope,
            "Gpu",
            environment=environment,
            description="Lifestream: workers with a GPU",
            key=key,
        )
        self.workers = GpuWorkers(
            self,
            "Workers",
            environment=environment,
            gpu=gpu,
            work=work,
            cluster=processing.cluster,
            capacity_provider=self.names.gpu,
            log_group=processing.processor.log_group,
            subnets=network.task_subnets,
            security_group=network.task_security_group,
        )
