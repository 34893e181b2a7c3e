"""The two services: the API and the web pages, their variables and rights."""

from dataclasses import dataclass

from aws_cdk import Aws
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.media import GB
from cdk.config.service import ServiceConfig
from cdk.constructs import permissions
from cdk.constructs.compute.http_service import HttpContainer, HttpService, HttpSite, host_of
from cdk.constructs.data.job_queue import JobQueue
from cdk.constructs.data.service_cache import ServiceCache
from cdk.constructs.data.sign_in import ADMINS, Issuer
from cdk.constructs.observability.tracing import tracing_permissions, tracing_variable
from cdk.naming import Names, bucket_arn
from runtime.core.contract import API_COMMAND, API_PORT, TRUE, WEB_COMMAND, WEB_PORT, EnvVar

API, WEB = "api", "web"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceResources:
    """What both services use."""

    environment: EnvironmentConfig
    settings: ServiceConfig
    site: HttpSite
    jobs_table: dynamodb.ITable
    idempotency_table: dynamodb.ITable
    uploads_table: dynamodb.ITable
    api_keys_table: dynamodb.ITable
    webhooks_table: dynamodb.ITable
    sessions_table: dynamodb.ITable
    jobs: JobQueue
    work: JobQueue | None
    gpu_work: JobQueue | None
    webhooks: JobQueue
    bus: events.IEventBus
    media_bucket_name: str
    media_bucket_domain: str
    issuer: Issuer
    cache: ServiceCache | None


def add_api(scope: Construct, resources: ServiceResources) -> HttpService:
    """Return the API's service."""
    service = HttpService(
        scope,
        "Api",
        environment=resources.environment,
        settings=resources.settings,
        site=resources.site,
        container=HttpContainer(
            name=API,
            command=API_COMMAND,
            port=API_PORT,
            port_variable=EnvVar.API_PORT,
            host=host_of(str(resources.settings.api_url)),
            priority=1,
            variables=_api_variables(resources),
        ),
    )
    service.allow(*_api_permissions(resources))
    if resources.cache:
        resources.cache.accept_from(service.security_group, API)
    return service


def add_web(scope: Construct, resources: ServiceResources) -> HttpService:
    """Return the service of the web pages."""
    settings = resources.settings
    service = HttpService(
        scope,
        "Web",
        environment=resources.environment,
        settings=settings,
        site=resources.site,
        container=HttpContainer(
            name=WEB,
            command=WEB_COMMAND,
            port=WEB_PORT,
            port_variable=EnvVar.WEB_PORT,
            host=host_of(str(settings.web_url)),
            priority=2,
            variables=_web_variables(resources),
            secrets=_web_secrets(scope, settings),
        ),
    )
    service.allow(
        permissions.keep_records(resources.sessions_table),
        *permissions.read_encrypted(resources.site.key, "dynamodb"),
        *tracing_permissions(resources.environment),
    )
    return service


def _api_variables(resources: ServiceResources) -> dict[str, str]:
    environment, names = resources.environment, Names(resources.environment.name)
    optional = {
        EnvVar.CACHE_URL: resources.cache and resources.cache.url,
        EnvVar.WORK_QUEUE_URL: resources.work and resources.work.queue.queue_url,
        EnvVar.GPU_WORK_QUEUE_URL: resources.gpu_work and resources.gpu_work.queue.queue_url,
        EnvVar.WORKER_SERVICE_NAME: names.worker if environment.workers else None,
        EnvVar.GPU_WORKER_SERVICE_NAME: names.gpu_worker if environment.gpu else None,
    }
    return {
        **_common(resources),
        EnvVar.JOBS_TABLE.value: resources.jobs_table.table_name,
        EnvVar.IDEMPOTENCY_TABLE.value: resources.idempotency_table.table_name,
        EnvVar.UPLOADS_TABLE.value: resources.uploads_table.table_name,
        EnvVar.API_KEYS_TABLE.value: resources.api_keys_table.table_name,
        EnvVar.WEBHOOKS_TABLE.value: resources.webhooks_table.table_name,
        EnvVar.MEDIA_BUCKET.value: resources.media_bucket_name,
        EnvVar.MAX_MEDIA_BYTES.value: str(environment.media.max_gb * GB),
        EnvVar.JOBS_QUEUE_URL.value: resources.jobs.queue.queue_url,
        EnvVar.JOBS_DLQ_URL.value: resources.jobs.dead_letters.queue_url,
        EnvVar.WEBHOOK_QUEUE_URL.value: resources.webhooks.queue.queue_url,
        EnvVar.EVENT_BUS_NAME.value: resources.bus.event_bus_name,
        EnvVar.ECS_CLUSTER_NAME.value: resources.site.cluster.cluster_name,
        EnvVar.ECS_ENABLE_TASK_PROTECTION.value: TRUE,
        EnvVar.OIDC_AUDIENCE.value: resources.issuer.client_id,
        EnvVar.OIDC_ADMIN_GROUP.value: ADMINS,
        EnvVar.CORS_ORIGINS.value: ",".join(environment.browser_origins),
        **{name.value: value for name, value in optional.items() if value},
    }


def _web_variables(resources: ServiceResources) -> dict[str, str]:
    media = (f"https://{resources.media_bucket_domain}", *resources.settings.media_origins)
    return {
        **_common(resources),
        # Within the cluster, by ECS Service Connect: no detour through the load balancer, which
        # may admit other networks only.
        EnvVar.WEB_API_URL.value: f"http://{API}:{API_PORT}",
        EnvVar.WEB_PUBLIC_URL.value: str(resources.settings.web_url),
        EnvVar.WEB_MEDIA_ORIGINS.value: ",".join(media),
        EnvVar.OIDC_CLIENT_ID.value: resources.issuer.client_id,
        EnvVar.SESSIONS_TABLE.value: resources.sessions_table.table_name,
    }


def _common(resources: ServiceResources) -> dict[str, str]:
    return {
        EnvVar.ENVIRONMENT.value: resources.environment.name,
        EnvVar.LOG_LEVEL.value: resources.settings.log_level,
        EnvVar.AWS_REGION.value: Aws.REGION,
        EnvVar.TRACING.value: tracing_variable(resources.environment),
        EnvVar.OIDC_ISSUER.value: resources.issuer.url,
    }


def _web_secrets(scope: Construct, settings: ServiceConfig) -> dict[str, ecs.Secret]:
    if settings.oidc_client_secret_arn is None:
        return {}
    secret = secretsmanager.Secret.from_secret_complete_arn(
        scope, "ClientSecret", settings.oidc_client_secret_arn
    )
    return {EnvVar.OIDC_CLIENT_SECRET.value: ecs.Secret.from_secrets_manager(secret)}


def _api_permissions(resources: ServiceResources) -> list[iam.PolicyStatement]:
    environment, names = resources.environment, Names(resources.environment.name)
    key, cluster = resources.site.key, resources.site.cluster
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
            resources.uploads_table, resources.api_keys_table, resources.webhooks_table
        ),
        permissions.send_messages(resources.jobs.queue),
        *(permissions.count_messages(queue.queue) for queue in queues),
        permissions.count_messages(resources.jobs.dead_letters),
        permissions.consume_messages(resources.webhooks.queue),
        permissions.send_messages(resources.webhooks.queue),
        permissions.protect_tasks(cluster),
        *(permissions.scale_workers(cluster, *workers) if workers else ()),
        *tracing_permissions(environment),
        *permissions.read_encrypted(key, "s3", "dynamodb", "sqs"),
        *permissions.write_encrypted(key, "s3", "sqs"),
    ]
