"""The pools of warm workers.

Their stacks are deployed after the one that sends to the work queues: waiting for workers to finish
their jobs delays no other stack, and until there are workers, jobs wait in the queues.
"""

from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.workers import GpuConfig, PoolConfig
from cdk.constructs.compute.worker_container import WorkerResources
from cdk.constructs.compute.worker_service import GpuWorkers, WorkerPool
from cdk.constructs.environment_stack import EnvironmentStack
from runtime.core.contract import Output


class WorkersStack(EnvironmentStack):
    """Workers on Fargate."""

    def __init__(
        self,
        scope: Construct,
        *,
        environment: EnvironmentConfig,
        pool: PoolConfig,
        resources: WorkerResources,
    ) -> None:
        super().__init__(
            scope,
            "Workers",
            environment=environment,
            description="Lifestream: pool of warm workers",
            key=resources.key,
        )
        workers = WorkerPool(self, "Pool", environment=environment, pool=pool, resources=resources)
        self.output(Output.WORKER_SERVICE, workers.service.service_name, "Warm workers")


class GpuStack(EnvironmentStack):
    """Workers with a GPU; their machines belong to the cluster's stack."""

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
        GpuWorkers(self, "Workers", environment=environment, gpu=gpu, resources=resources)
