"""The API's settings, read whole before any work."""

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.core.contract import EnvVar
from runtime.core.environ import EnvironmentReader, LambdaSettings

DEFAULT_PORT = 8080
DEFAULT_RATE_LIMIT = "1200/minute"
DEFAULT_ADMIN_GROUP = "admin"
DEFAULT_READ_DAYS = 365
DEFAULT_MAX_BYTES = 20 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings(LambdaSettings):
    """The API's settings; a variable marked optional in the contract may be None here.

    `oidc_issuer` without `oidc_audience` accepts a token for any audience of the issuer.
    `rate_limit` is in the notation of the library `limits`, as in `1200/minute`.
    `object_days` is when S3 expires uploads or results; 0 for never.
    """

    media_bucket: str
    jobs_queue_url: str
    uploads_table: str
    api_keys_table: str
    webhooks_table: str
    oidc_issuer: str
    oidc_audience: str | None
    admin_group: str
    port: int
    max_media_bytes: int
    rate_limit: str
    reads_table: str | None = None
    read_days: int = DEFAULT_READ_DAYS
    object_days: int = 0
    cors_origins: tuple[str, ...] = ()
    cache_url: str | None = None
    webhook_queue_url: str | None = None
    jobs_dlq_url: str | None = None
    work_queue_url: str | None = None
    gpu_work_queue_url: str | None = None
    cluster: str | None = None
    worker_service: str | None = None
    gpu_worker_service: str | None = None
    known_voices: bool = False


def read_settings(environ: Mapping[str, str]) -> ApiSettings:
    """Return the settings; raise `Permanent` that names everything missing or wrong at once."""
    read = EnvironmentReader(environ, component="api")
    origins = read.optional(EnvVar.CORS_ORIGINS)
    settings = ApiSettings(
        **read.common(),
        media_bucket=read.text(EnvVar.MEDIA_BUCKET),
        jobs_queue_url=read.text(EnvVar.JOBS_QUEUE_URL),
        uploads_table=read.text(EnvVar.UPLOADS_TABLE),
        api_keys_table=read.text(EnvVar.API_KEYS_TABLE),
        webhooks_table=read.text(EnvVar.WEBHOOKS_TABLE),
        reads_table=read.optional(EnvVar.READS_TABLE),
        read_days=read.number(EnvVar.READ_DAYS, DEFAULT_READ_DAYS),
        object_days=read.number(EnvVar.OBJECT_DAYS, 0),
        oidc_issuer=read.text(EnvVar.OIDC_ISSUER).rstrip("/"),
        oidc_audience=read.optional(EnvVar.OIDC_AUDIENCE),
        admin_group=read.optional(EnvVar.OIDC_ADMIN_GROUP) or DEFAULT_ADMIN_GROUP,
        port=read.number(EnvVar.API_PORT, DEFAULT_PORT),
        max_media_bytes=read.number(EnvVar.MAX_MEDIA_BYTES, DEFAULT_MAX_BYTES),
        rate_limit=read.optional(EnvVar.RATE_LIMIT) or DEFAULT_RATE_LIMIT,
        cors_origins=tuple(origins.split(",")) if origins else (),
        cache_url=read.optional(EnvVar.CACHE_URL),
        webhook_queue_url=read.optional(EnvVar.WEBHOOK_QUEUE_URL),
        jobs_dlq_url=read.optional(EnvVar.JOBS_DLQ_URL),
        work_queue_url=read.optional(EnvVar.WORK_QUEUE_URL),
        gpu_work_queue_url=read.optional(EnvVar.GPU_WORK_QUEUE_URL),
        cluster=read.optional(EnvVar.ECS_CLUSTER_NAME),
        worker_service=read.optional(EnvVar.WORKER_SERVICE_NAME),
        gpu_worker_service=read.optional(EnvVar.GPU_WORKER_SERVICE_NAME),
        known_voices=read.flag(EnvVar.KNOWN_VOICES),
    )
    read.finish()
    return settings
