"""The API's settings, read whole before any work."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from runtime.core import environ
from runtime.core.contract import EnvVar
from runtime.core.environ import LambdaSettings, without_slash


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings(LambdaSettings):
    """The API's settings; a variable marked optional in the contract may be None here.

    `oidc_issuer` without `oidc_audience` accepts a token for any audience of the issuer.
    `rate_limit` is in the notation of the library `limits`, as in `1200/minute`.
    `object_days` is when S3 expires uploads or results; 0 for never.
    """

    media_bucket: Annotated[str, EnvVar.MEDIA_BUCKET]
    jobs_queue_url: Annotated[str, EnvVar.JOBS_QUEUE_URL]
    uploads_table: Annotated[str, EnvVar.UPLOADS_TABLE]
    api_keys_table: Annotated[str, EnvVar.API_KEYS_TABLE]
    webhooks_table: Annotated[str, EnvVar.WEBHOOKS_TABLE]
    oidc_issuer: Annotated[str, EnvVar.OIDC_ISSUER, without_slash]
    oidc_audience: Annotated[str | None, EnvVar.OIDC_AUDIENCE] = None
    admin_group: Annotated[str, EnvVar.OIDC_ADMIN_GROUP] = "admin"
    port: Annotated[int, EnvVar.API_PORT] = 8080
    max_media_bytes: Annotated[int, EnvVar.MAX_MEDIA_BYTES] = 20 << 30
    rate_limit: Annotated[str, EnvVar.RATE_LIMIT] = "1200/minute"
    reads_table: Annotated[str | None, EnvVar.READS_TABLE] = None
    read_days: Annotated[int, EnvVar.READ_DAYS] = 365
    object_days: Annotated[int, EnvVar.OBJECT_DAYS] = 0
    cors_origins: Annotated[tuple[str, ...], EnvVar.CORS_ORIGINS] = ()
    cache_url: Annotated[str | None, EnvVar.CACHE_URL] = None
    webhook_queue_url: Annotated[str | None, EnvVar.WEBHOOK_QUEUE_URL] = None
    jobs_dlq_url: Annotated[str | None, EnvVar.JOBS_DLQ_URL] = None
    cluster: Annotated[str | None, EnvVar.ECS_CLUSTER_NAME] = None
    worker_service: Annotated[str | None, EnvVar.WORKER_SERVICE_NAME] = None
    gpu_worker_service: Annotated[str | None, EnvVar.GPU_WORKER_SERVICE_NAME] = None
    known_voices: Annotated[bool, EnvVar.KNOWN_VOICES] = False


def read_settings(variables: Mapping[str, str]) -> ApiSettings:
    """Return the settings; raise `Permanent` that names everything missing or wrong at once."""
    return environ.read_settings(ApiSettings, variables, component="api")
