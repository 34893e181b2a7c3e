"""One environment: its stacks, connected by their typed attributes."""

from aws_cdk import Aspects, PermissionsBoundary, Stage, Tags
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.constructs.compute.task_roles import RolePath
from cdk.constructs.compute.worker_container import WorkerResources
from cdk.constructs.data.job_queue import JobQueue
from cdk.naming import tags
from cdk.stacks.control_plane import ControlPlaneStack
from cdk.stacks.encryption import EncryptionStack
from cdk.stacks.ingest import IngestStack
from cdk.stacks.network import NetworkStack
from cdk.stacks.observability import ObservabilityStack
from cdk.stacks.processing import ProcessingStack
from cdk.stacks.service import ServiceStack
from cdk.stacks.storage import StorageStack
from cdk.stacks.workers import GpuStack, WorkersStack


class EnvironmentStage(Stage):
    """The stacks of one `environment`, each an attribute; its id is `Lifestream-<environment>`.

    `workers` is None without a pool, `gpu` without that target, `service` unless enabled.
    """

    def __init__(self, scope: Construct, *, environment: EnvironmentConfig) -> None:
        guardrails = environment.guardrails
        super().__init__(
            scope,
            f"Lifestream-{environment.name}",
            permissions_boundary=(
                PermissionsBoundary.from_name(guardrails.permissions_boundary)
                if guardrails.permissions_boundary
                else None
            ),
        )
        self.environment = environment
        key = None
        if environment.encryption.customer_key:
            self.encryption = EncryptionStack(self, environment=environment)
            key = self.encryption.key
        self.network = NetworkStack(self, environment=environment, key=key)
        self.storage = StorageStack(self, environment=environment, key=key)
        self.ingest = IngestStack(
            self, environment=environment, key=key, s3_endpoints=self.network.s3_endpoints
        )
        self.processing = ProcessingStack(
            self,
            environment=environment,
            key=key,
            network=self.network,
            storage=self.storage,
            ingest=self.ingest,
        )
        self.workers: WorkersStack | None = None
        if environment.workers and self.ingest.work:
            resources = self._worker_resources(self.ingest.work, key)
            self.workers = WorkersStack(
                self, environment=environment, pool=environment.workers, resources=resources
            )
        self.gpu: GpuStack | None = None
        if environment.gpu and self.ingest.gpu_work:
            resources = self._worker_resources(self.ingest.gpu_work, key)
            self.gpu = GpuStack(
                self, environment=environment, gpu=environment.gpu, resources=resources
            )
        self.control_plane = ControlPlaneStack(
            self,
            environment=environment,
            key=key,
            storage=self.storage,
            ingest=self.ingest,
            cluster=self.processing.cluster,
        )
        self.service: ServiceStack | None = None
        if environment.services and self.storage.service:
            self.service = ServiceStack(
                self,
                environment=environment,
                settings=environment.services,
                key=key,
                network=self.network,
                storage=self.storage,
                records=self.storage.service,
                ingest=self.ingest,
                processing=self.processing,
            )
        self.observability = ObservabilityStack(
            self,
            environment=environment,
            key=key,
            ingest=self.ingest,
            processing=self.processing,
            control_plane=self.control_plane,
            service=self.service,
        )
        for name, value in tags(environment).items():
            Tags.of(self).add(name, value)
        if guardrails.role_path:
            Aspects.of(self).add(RolePath(guardrails.role_path))

    def _worker_resources(self, work: JobQueue, key: kms.IKey | None) -> WorkerResources:
        return WorkerResources(
            cluster=self.processing.cluster,
            images=self.storage.processor_images,
            jobs_table=self.storage.jobs_table,
            idempotency_table=self.storage.idempotency_table,
            key=key,
            queue=work.queue,
            jobs_queue=self.ingest.jobs.queue,
            media_bucket_name=self.ingest.media.bucket_name,
            # A job's log lines are in one log group, whether it ran on demand or in a pool.
            log_group=self.processing.processor.log_group,
            subnets=self.network.task_subnets,
            security_group=self.network.task_security_group,
        )
