"""What both hostings of the services share: resources, variables, rights."""

from dataclasses import dataclass

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from cdk.config import EnvironmentConfig
from cdk.config.media import GB
from cdk.config.service import ServiceConfig
from cdk.constructs import permissions
from cdk.constructs.compute.container import Variables
from cdk.constructs.data.job_queue import JobQueue
from cdk.constructs.data.service_cache import ServiceCache
from cdk.constructs.data.sign_in import ADMINS, Issuer
from cdk.constructs.observability.tracing import tracing_permissions, tracing_variable
from cdk.naming import Names, bucket_arn
from runtime.core.contract import TRUE, EnvVar

API, WEB = "api", "web"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceResources:
    """What both services use."""

    environment: EnvironmentConfig
    settings: ServiceConfig
    cluster: ecs.ICluster
    key: kms.IKey | None
    jobs_table: dynamodb.ITable
    idempotency_table: dynamodb.ITable
    uploads_table: dynamodb.ITable
    api_keys_table: dynamodb.ITable
    webhooks_table: dynamodb.ITable
    sessions_table: dynamodb.ITable
    reads_table: dynamodb.ITable
    jobs: JobQueue
    work: JobQueue | None
    gpu_work: JobQueue | None
    webhooks: JobQueue
    bus: events.IEventBus
    media_bucket_name: str
    media_bucket_domain: str
    issuer: Issuer
    cache: ServiceCache | None


def api_variables(resources: ServiceResources) -> Variables:
    """Return the variables of the API."""
    environment, names = resources.environment, Names(resources.environment.name)
    work, gpu_work, days = resources.work, resources.gpu_work, environment.storage.object_days
    return {
        **_common(resources),
        EnvVar.JOBS_TABLE: resources.jobs_table.table_name,
        EnvVar.IDEMPOTENCY_TABLE: resources.idempotency_table.table_name,
        EnvVar.UPLOADS_TABLE: resources.uploads_table.table_name,
        EnvVar.API_KEYS_TABLE: resources.api_keys_table.table_name,
        EnvVar.WEBHOOKS_TABLE: resources.webhooks_table.table_name,
        EnvVar.READS_TABLE: resources.reads_table.table_name,
        EnvVar.READ_DAYS: str(environment.storage.access_log_days),
        EnvVar.MEDIA_BUCKET: resources.media_bucket_name,
        EnvVar.MAX_MEDIA_BYTES: str(environment.media.max_gb * GB),
        EnvVar.JOBS_QUEUE_URL: resources.jobs.queue.queue_url,
        EnvVar.JOBS_DLQ_URL: resources.jobs.dead_letters.queue_url,
        EnvVar.WEBHOOK_QUEUE_URL: resources.webhooks.queue.queue_url,
        EnvVar.EVENT_BUS_NAME: resources.bus.event_bus_name,
        EnvVar.ECS_CLUSTER_NAME: resources.cluster.cluster_name,
        EnvVar.OIDC_AUDIENCE: resources.issuer.client_id,
        EnvVar.OIDC_ADMIN_GROUP: ADMINS,
        EnvVar.CORS_ORIGINS: ",".join(environment.browser_origins),
        EnvVar.CACHE_URL: resources.cache.url if resources.cache else None,
        EnvVar.WORK_QUEUE_URL: work.queue.queue_url if work else None,
        EnvVar.GPU_WORK_QUEUE_URL: gpu_work.queue.queue_url if gpu_work else None,
        EnvVar.WORKER_SERVICE_NAME: names.worker if environment.workers else None,
        EnvVar.GPU_WORKER_SERVICE_NAME: names.gpu_worker if environment.gpu else None,
        # Without it, the API lets a legal hold promise what S3 does not keep.
        EnvVar.OBJECT_DAYS: str(days) if days else None,
        EnvVar.KNOWN_VOICES: TRUE if resources.settings.known_voices else None,
    }


def web_variables(resources: ServiceResources, *, api_url: str) -> Variables:
    """Return the variables of the web pages; `api_url` is where they reach the API."""
    media = (f"https://{resources.media_bucket_domain}", *resources.settings.media_origins)
    return {
        **_common(resources),
        EnvVar.WEB_API_URL: api_url,
        EnvVar.WEB_PUBLIC_URL: str(resources.settings.web_url),
        EnvVar.WEB_MEDIA_ORIGINS: ",".join(media),
        EnvVar.OIDC_CLIENT_ID: resources.issuer.client_id,
        EnvVar.SESSIONS_TABLE: resources.sessions_table.table_name,
    }


def _common(resources: ServiceResources) -> Variables:
    return {
        EnvVar.ENVIRONMENT: resources.environment.name,
        EnvVar.LOG_LEVEL: resources.settings.log_level,
        EnvVar.TRACING: tracing_variable(resources.environment),
        EnvVar.OIDC_ISSUER: resources.issuer.url,
    }


def api_permissions(resources: ServiceResources) -> list[iam.PolicyStatement]:
    """Return the rights of the API, without those of its hosting."""
    environment, names = resources.environment, Names(resources.environment.name)
    key, cluster = resources.key, resources.cluster
    queues = [queue for queue in (resources.jobs, resources.work, resources.gpu_work) if queue]
    workers = [
        *([names.worker] if environment.workers else []),
        *([names.gpu_worker] if environment.gpu else []),
    ]
    return [
        *permissions.take_uploads(bucket_arn(names.media_bucket)),
        permissions.read_and_write_jobs(resources.jobs_table),
        *permissions.list_own_jobs(resources.jobs_table),
        permissions.write_idempotency_records(resources.idempotency_table),
        permissions.keep_records(
            resources.uploads_table,
            resources.api_keys_table,
            resources.webhooks_table,
            resources.reads_table,
        ),
        permissions.read_certificates(resources.idempotency_table),
        permissions.send_messages(resources.jobs.queue),
        *(permissions.count_messages(queue.queue) for queue in queues),
        permissions.sample_messages(resources.jobs.dead_letters),
        permissions.consume_messages(resources.webhooks.queue),
        permissions.send_messages(resources.webhooks.queue),
        *(permissions.scale_workers(cluster, *workers) if workers else ()),
        *tracing_permissions(environment),
        *permissions.read_encrypted(key, "s3", "dynamodb", "sqs"),
        *permissions.write_encrypted(key, "s3", "sqs"),
    ]


def web_permissions(resources: ServiceResources) -> list[iam.PolicyStatement]:
    """Return the rights of the web pages."""
    return [
        permissions.keep_records(resources.sessions_table),
        *permissions.read_encrypted(resources.key, "dynamodb"),
        *tracing_permissions(resources.environment),
    ]
