"""The pool of warm workers.

Its stack is deployed after the one that sends to the work queue: waiting for workers to finish
their jobs delays no other stack, and until there are workers, jobs wait in the queue.
"""

from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.workers import PoolConfig
from cdk.constructs.compute.worker_container import WorkerResources
from cdk.constructs.compute.worker_pool import WorkerPool
from cdk.constructs.environment_stack import EnvironmentStack
from runtime.core.contract import Output


class WorkersStack(EnvironmentStack):
    """`pool`."""

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
        self.pool = WorkerPool(
            self, "Pool", environment=environment, pool=pool, resources=resources
        )
        self.output(Output.WORKER_SERVICE, self.pool.service.service_name, "Warm workers")
