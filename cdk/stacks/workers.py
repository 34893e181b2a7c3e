"""The pool of warm workers, where an environment has one.

Its stack comes after the one that sends to the work queue: a deployment that must wait for workers
to finish their jobs holds nobody else up, and until there are workers, jobs wait in the queue.
"""

from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.components.environment_stack import EnvironmentStack
from cdk.components.job_queue import JobQueue
from cdk.components.worker_pool import Work, WorkerPool
from cdk.config import EnvironmentConfig
from cdk.config.pool import PoolConfig
from cdk.stacks.ingest import IngestStack
from cdk.stacks.network import NetworkStack
from cdk.stacks.processing import ProcessingStack
from cdk.stacks.storage import StorageStack
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
        work: JobQueue,
        network: NetworkStack,
        storage: StorageStack,
        ingest: IngestStack,
        processing: ProcessingStack,
    ) -> None:
        """Create the pool that works off a queue."""
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
            work=Work(
                queue=work.queue,
                jobs_queue=ingest.jobs.queue,
                jobs_table=storage.jobs_table,
                idempotency_table=storage.idempotency_table,
                media_bucket_name=ingest.media.bucket_name,
                images=storage.processor_images,
                key=key,
            ),
            cluster=processing.cluster,
            # The log of a job is found in the same place, whoever ran it.
            log_group=processing.processor.log_group,
            subnets=network.task_subnets,
            security_group=network.task_security_group,
        )
        self.output(Output.WORKER_SERVICE, self.pool.service.service_name, "Warm workers")
