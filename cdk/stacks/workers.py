"""The pool of warm workers, where an environment has one.

Its stack comes after the one that sends to the work queue: a deployment that must wait for workers
to finish their jobs holds nobody else up, and until there are workers, jobs wait in the queue.
"""

from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.pool import PoolConfig
from cdk.constructs.compute.worker import Work
from cdk.constructs.compute.worker_pool import WorkerPool
from cdk.constructs.environment_stack import EnvironmentStack
from cdk.stacks.network import NetworkStack
from cdk.stacks.processing import ProcessingStack
from runtime.core.contract import Output


class WorkersStack(EnvironmentStack):
    """`pool`."""

    def __init__(
        self,
        scope: Construct,
        *,
        environment: EnvironmentConfig,
        key: kms.IKey | None,
        pool: PoolConfig,
        work: Work,
        network: NetworkStack,
        processing: ProcessingStack,
    ) -> None:
        super().__init__(
            scope,
            "Workers",
            environment=environment,
            description="Lifestream: pool of warm workers",
            key=key,
        )
        self.pool = WorkerPool(
            self,
            "Pool",
            environment=environment,
            pool=pool,
            work=work,
            cluster=processing.cluster,
            # The log of a job is found in the same place, whoever ran it.
            log_group=processing.processor.log_group,
            subnets=network.task_subnets,
            security_group=network.task_security_group,
        )
        self.output(Output.WORKER_SERVICE, self.pool.service.service_name, "Warm workers")
