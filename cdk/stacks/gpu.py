"""Workers with a GPU; their machines belong to the cluster's stack."""

from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.workers import GpuConfig
from cdk.constructs.compute.gpu_workers import GpuWorkers
from cdk.constructs.compute.worker_container import WorkerResources
from cdk.constructs.environment_stack import EnvironmentStack


class GpuStack(EnvironmentStack):
    """`workers`."""

    def __init__(
        self,
        scope: Construct,
        *,
        environment: EnvironmentConfig,
        gpu: GpuConfig,
        resources: WorkerResources,
    ) -> None:
        super().__init__(
            scope,
            "Gpu",
            environment=environment,
            description="Lifestream: workers with a GPU",
            key=resources.key,
        )
        self.workers = GpuWorkers(
            self, "Workers", environment=environment, gpu=gpu, resources=resources
        )
