"""One environment: its stacks, composed by their typed attributes."""

from aws_cdk import Stage, Tags
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.constructs.compute.worker import Work
from cdk.constructs.data.job_queue import JobQueue
from cdk.naming import tags
from cdk.stacks.control_plane import ControlPlaneStack
from cdk.stacks.encryption import EncryptionStack
from cdk.stacks.gpu import GpuStack
from cdk.stacks.ingest import IngestStack
from cdk.stacks.network import NetworkStack
from cdk.stacks.observability import ObservabilityStack
from cdk.stacks.processing import ProcessingStack
from cdk.stacks.storage import StorageStack
from cdk.stacks.workers import WorkersStack


class EnvironmentStage(Stage):
    """The stacks of one `environment`, each an attribute.

    `workers` is None without a pool, `gpu` without that target.
    """

    def __init__(self, scope: Construct, *, environment: EnvironmentConfig) -> None:
        super().__init__(scope, f"Lifestream-{environment.name}")
        self.environment = environment
        key = None
        if environment.encryption.customer_key:
            self.encryption = EncryptionStack(self, environment=environment)
            key = self.encryption.key
        self.network = NetworkStack(self, environment=environment, key=key)
        self.storage = StorageStack(self, environment=environment, key=key)
        self.ingest = IngestStack(self, environment=environment, key=key)
        self.processing = ProcessingStack(
            self,
            environment=environment,
            key=key,
            network=self.network,
            storage=self.storage,
            ingest=self.ingest,
        )
        self.workers = self._create_workers(environment, key)
        self.gpu = self._create_gpu(environment, key)
        self.control_plane = ControlPlaneStack(
            self,
            environment=environment,
            key=key,
            storage=self.storage,
            ingest=self.ingest,
            cluster=self.processing.cluster,
        )
        self.observability = ObservabilityStack(
            self,
            environment=environment,
            key=key,
            ingest=self.ingest,
            processing=self.processing,
            control_plane=self.control_plane,
        )
        for name, value in tags(environment).items():
            Tags.of(self).add(name, value)

    def _create_workers(
        self, environment: EnvironmentConfig, key: kms.IKey | None
    ) -> WorkersStack | None:
        if environment.workers is None or self.ingest.work is None:
            return None
        return WorkersStack(
            self,
            environment=environment,
            key=key,
            pool=environment.workers,
            work=self._work(self.ingest.work, key),
            network=self.network,
            processing=self.processing,
        )

    def _create_gpu(self, environment: EnvironmentConfig, key: kms.IKey | None) -> GpuStack | None:
        if environment.gpu is None or self.ingest.gpu_work is None:
            return None
        return GpuStack(
            self,
            environment=environment,
            key=key,
            gpu=environment.gpu,
            work=self._work(self.ingest.gpu_work, key),
            network=self.network,
            processing=self.processing,
        )

    def _work(self, jobs: JobQueue, key: kms.IKey | None) -> Work:
        return Work(
            queue=jobs.queue,
            jobs_queue=self.ingest.jobs.queue,
            jobs_table=self.storage.jobs_table,
            idempotency_table=self.storage.idempotency_table,
            media_bucket_name=self.ingest.media.bucket_name,
            images=self.storage.processor_images,
            key=key,
        )
