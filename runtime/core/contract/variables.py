"""Environment variables."""

from enum import StrEnum

TRUE, FALSE = "true", "false"
"""The values of a boolean variable."""


class EnvVar(StrEnum):
    """Environment variables set by the infrastructure and read by a composition root."""

    ENVIRONMENT = "LIFESTREAM_ENVIRONMENT"
    LOG_LEVEL = "LOG_LEVEL"
    AWS_REGION = "AWS_REGION"

    JOBS_TABLE = "JOBS_TABLE"
    IDEMPOTENCY_TABLE = "IDEMPOTENCY_TABLE"

    # Dispatcher: the bucket of its uploads, and how to launch.
    MEDIA_BUCKET = "MEDIA_BUCKET"
    ECS_CLUSTER_NAME = "ECS_CLUSTER_NAME"
    TASK_DEFINITION_ARN = "TASK_DEFINITION_ARN"
    CAPACITY_PROVIDERS = "CAPACITY_PROVIDERS"
    TASK_SUBNET_IDS = "TASK_SUBNET_IDS"
    TASK_SECURITY_GROUP_IDS = "TASK_SECURITY_GROUP_IDS"
    TASK_PUBLIC_ADDRESS = "TASK_PUBLIC_ADDRESS"
    TASK_EXECUTE_COMMAND = "TASK_EXECUTE_COMMAND"
    CLAIM_LEASE_SECONDS = "CLAIM_LEASE_SECONDS"
    LAUNCH = "LAUNCH"
    MALWARE_SCAN = "MALWARE_SCAN"

    # Dispatcher: the work queue of each kind of compute that has workers.
    # Worker: the queue that it polls is WORK_QUEUE_URL, whatever it runs on.
    WORK_QUEUE_URL = "WORK_QUEUE_URL"
    GPU_WORK_QUEUE_URL = "GPU_WORK_QUEUE_URL"

    MAX_ATTEMPTS = "MAX_ATTEMPTS"

    # All: whether traces are sent (`true`).
    TRACING = "TRACING"

    # Processor, API: whether voices are kept and known again (`true`).
    KNOWN_VOICES = "KNOWN_VOICES"

    # Dispatcher, reaper, worker: where they announce requeued jobs.
    JOBS_QUEUE_URL = "JOBS_QUEUE_URL"

    # Reaper: how long a processor may be silent.
    HEARTBEAT_SILENCE_SECONDS = "HEARTBEAT_SILENCE_SECONDS"

    # Reaper: how long a message or an event may be in flight, a task start and a job be queued
    # (optional).
    UNANNOUNCED_SECONDS = "UNANNOUNCED_SECONDS"
    LOST_EVENT_SECONDS = "LOST_EVENT_SECONDS"
    TASK_START_SECONDS = "TASK_START_SECONDS"
    QUEUED_SECONDS = "QUEUED_SECONDS"
    MAX_WAIT_SECONDS = "MAX_WAIT_SECONDS"

    # Reaper: `LOGS=14,...`, the days that copies outlive an erasure (`runtime.core.erasure`).
    KEPT_COPIES = "KEPT_COPIES"

    # Pages: where the API, the browser, the identity provider, the bucket and the assets are.
    WEB_API_URL = "WEB_API_URL"
    WEB_PUBLIC_URL = "WEB_PUBLIC_URL"
    WEB_MEDIA_ORIGINS = "WEB_MEDIA_ORIGINS"
    WEB_ASSETS = "WEB_ASSETS"
    WEB_HOST = "WEB_HOST"
    WEB_PORT = "WEB_PORT"
    SESSIONS_TABLE = "SESSIONS_TABLE"
    OIDC_CLIENT_ID = "OIDC_CLIENT_ID"
    OIDC_CLIENT_SECRET = "OIDC_CLIENT_SECRET"  # noqa: S105 - a name
    OIDC_SCOPES = "OIDC_SCOPES"

    # Processor: which job (container overrides of RunTask).
    JOB_ID = "JOB_ID"
    JOB_ATTEMPT = "JOB_ATTEMPT"
    S3_BUCKET = "S3_BUCKET"
    S3_KEY = "S3_KEY"
    S3_ETAG = "S3_ETAG"

    # Processor: how to run a job (task definition).
    WORK_DIR = "WORK_DIR"
    JOB_TIMEOUT_SECONDS = "JOB_TIMEOUT_SECONDS"
    STOP_TIMEOUT_SECONDS = "STOP_TIMEOUT_SECONDS"
    ASR_MODEL = "ASR_MODEL"
    QUALITY = "QUALITY"
    DEVICE = "DEVICE"
    WORK_VISIBILITY_SECONDS = "WORK_VISIBILITY_SECONDS"
    WORKER_PORT = "WORKER_PORT"
    ECS_TASK_METADATA = "ECS_CONTAINER_METADATA_URI_V4"

    # Processor: what it accepts, and how it decodes.
    MAX_MEDIA_SECONDS = "MAX_MEDIA_SECONDS"
    MAX_MEDIA_BYTES = "MAX_MEDIA_BYTES"
    MAX_MEDIA_PIXELS = "MAX_MEDIA_PIXELS"
    DECODER_MEMORY_MB = "DECODER_MEMORY_MB"
    AUDIO_TRACK = "AUDIO_TRACK"
    SCENE_MODEL = "SCENE_MODEL"
    CHECKPOINT_SECONDS = "CHECKPOINT_SECONDS"

    # Processor: who writes summaries, and what they may cost.
    SUMMARIZER = "SUMMARIZER"
    SUMMARY_MODEL = "SUMMARY_MODEL"
    SUMMARY_ENDPOINT = "SUMMARY_ENDPOINT"
    SUMMARY_API_KEY = "SUMMARY_API_KEY"
    SUMMARY_GUARDRAIL = "SUMMARY_GUARDRAIL"
    SUMMARY_PROMPT_CACHING = "SUMMARY_PROMPT_CACHING"
    SUMMARY_PRICES = "SUMMARY_PRICES"
    SUMMARY_JOB_USD = "SUMMARY_JOB_USD"
    SUMMARY_MONTH_USD = "SUMMARY_MONTH_USD"
    SUMMARY_SECONDS = "SUMMARY_SECONDS"
    SUMMARY_TEMPLATES = "SUMMARY_TEMPLATES"

    # Task protection: how to reach ECS. The agent sets the first; the others are for the API.
    ECS_AGENT_URI = "ECS_AGENT_URI"
    ECS_TASK_ARN = "ECS_TASK_ARN"
    ECS_ENABLE_TASK_PROTECTION = "ECS_ENABLE_TASK_PROTECTION"

    # API: its port, tables, queues and bus, who may call it, and (optional) the rest.
    API_PORT = "API_PORT"
    UPLOADS_TABLE = "UPLOADS_TABLE"
    API_KEYS_TABLE = "API_KEYS_TABLE"
    WEBHOOKS_TABLE = "WEBHOOKS_TABLE"
    READS_TABLE = "READS_TABLE"
    READ_DAYS = "READ_DAYS"
    OBJECT_DAYS = "OBJECT_DAYS"
    WEBHOOK_QUEUE_URL = "WEBHOOK_QUEUE_URL"
    EVENT_BUS_NAME = "EVENT_BUS_NAME"
    OIDC_ISSUER = "OIDC_ISSUER"
    OIDC_AUDIENCE = "OIDC_AUDIENCE"
    OIDC_ADMIN_GROUP = "OIDC_ADMIN_GROUP"
    CORS_ORIGINS = "CORS_ORIGINS"
    CACHE_URL = "CACHE_URL"
    RATE_LIMIT = "RATE_LIMIT"
    JOBS_DLQ_URL = "JOBS_DLQ_URL"
    WORKER_SERVICE_NAME = "WORKER_SERVICE_NAME"
    GPU_WORKER_SERVICE_NAME = "GPU_WORKER_SERVICE_NAME"

    # Processor: the folder of the models (set by the image).
    MODELS_DIR = "MODELS_DIR"
