"""Names that the infrastructure and the runtime must agree on, each written once.

Importable with an empty environment: nothing here reads a variable, a file or a clock.
"""

from enum import IntEnum, StrEnum

SERVICE_NAME = "lifestream"
VERSION = "0.1.0"
PROCESSOR_CONTAINER_NAME = "processor"
ENTRY_POINT = ("python", "-m")
"""The image's entry point; a container's command is the module to run, without a shell."""

PROCESSOR_COMMAND = ("runtime.processor",)
WORKER_COMMAND = ("runtime.processor.worker",)
HEALTH_COMMAND = ("python", "-S", "-m", "runtime.processor.healthcheck")
WORKER_HEALTH_COMMAND = (*HEALTH_COMMAND, "worker")
API_COMMAND = ("runtime.api",)
API_HANDLER = "runtime.api.lambda_handler.handle"
WEB_COMMAND = ("runtime.web",)
WEB_HANDLER = "runtime.web.lambda_handler.handle"
API_PORT, WEB_PORT = 8080, 9000
"""The ports that the services listen on, unless `API_PORT` and `WEB_PORT` say otherwise."""

EVENTS_HANDLER = "runtime.events.handler.handle"
DISPATCHER_HANDLER = "runtime.dispatcher.handler.handle"
REAPER_HANDLER = "runtime.reaper.handler.handle"

ERASE_EVENT = "lifestream.erase"
"""`detail-type` of an event that has the reaper go on with erasures at once."""

RECONCILE_EVENT = "lifestream.reconcile"
"""`detail-type` of the schedule that has the reaper look for uploads without a job."""

UPLOADS_PREFIX = "uploads/"
WORK_PREFIX = "work/"

CONFIRM_MESSAGE_TYPE = "lifestream.upload_confirmed"
"""`type` of the API's message `{"type", "bucket", "key"}`: an upload is complete."""

REQUEUE_MESSAGE_TYPE = "lifestream.job_requeued"
"""`type` of a message `{"type", "job_id"}`: a requeued job is to be dispatched again."""

QUEUED_MESSAGE_TYPE = "lifestream.job_queued"
"""`type` of a work queue's message `{"type", "job_id", "attempt"}`: run this attempt."""

RESULTS_PREFIX = "results/"

WORKER_PORT = 8080
"""The loopback port on which a worker answers `GET /` and `GET /health`."""


class Launch(StrEnum):
    """How an environment runs jobs: a task each, or by workers that poll a queue."""

    ON_DEMAND = "on_demand"
    POOL = "pool"


class Compute(StrEnum):
    """What a job runs on; chosen by the upload's metadata `lifestream-compute`."""

    CPU = "cpu"
    GPU = "gpu"


OPTION_PREFIX = "lifestream-"
"""The prefix of the upload metadata that holds a job's options."""


class Device(StrEnum):
    """The device that a processor computes on: `DEVICE`."""

    CPU = "cpu"
    CUDA = "cuda"


class Option(StrEnum):
    """A job's options in its upload's metadata, as in `x-amz-meta-lifestream-language`."""

    COMPUTE = "compute"
    LANGUAGE = "language"
    MIN_SPEAKERS = "min-speakers"
    MAX_SPEAKERS = "max-speakers"
    VOCABULARY = "vocabulary"
    QUALITY = "quality"
    AUDIO_TRACK = "audio-track"
    CHANNELS = "channels"
    LEAVE_OUT = "leave-out"
    SCENE_MODEL = "scene-model"
    SUMMARY_KIND = "summary-kind"
    SUMMARY_LANGUAGE = "summary-language"
    KEEP_DAYS = "keep-days"
    TRANSLATE = "translate"
    REDACT = "redact"


class Quality(StrEnum):
    """How much time recognition may take for better words."""

    FAST = "fast"
    BALANCED = "balanced"
    BEST = "best"


class Channels(StrEnum):
    """How the channels of a recording are used."""

    AUTO = "auto"
    MIX = "mix"
    SEPARATE = "separate"


class LeaveOut(StrEnum):
    """A part of the results that an upload can leave out."""

    SPEAKERS = "speakers"
    SCENES = "scenes"
    THUMBNAILS = "thumbnails"
    PLAYER_AUDIO = "player-audio"
    SUMMARY = "summary"


class Redact(StrEnum):
    """What is made again without personal data: the documents, or these and the sound."""

    TEXT = "text"
    SOUND = "sound"


REDACTED_FOLDER = "redacted/"
"""Where results without personal data are, beside the others."""


class SubmissionField(StrEnum):
    """Who uploaded a file and its title, in the same metadata; see `runtime.core.submission`."""

    OWNER = "owner"
    TITLE = "title"


class SummarizerName(StrEnum):
    """What writes summaries: code that quotes, or a model behind a service."""

    EXTRACTIVE = "extractive"
    BEDROCK = "bedrock"
    OPENAI = "openai"


class SceneModel(StrEnum):
    """The scene detector: fast and by hard cuts only, or slow and by dissolves too."""

    ADAPTIVE = "adaptive"
    TRANSNETV2 = "transnetv2"


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


class ExitCode(IntEnum):
    """The exit status of a processor."""

    SUCCESS = 0
    PERMANENT_FAILURE = 10
    RETRYABLE_FAILURE = 11
    RESUMABLE = 12
    LOST_CLAIM = 13
    BAD_CONFIGURATION = 14


class Output(StrEnum):
    """CloudFormation outputs that operators, tests and the local cloud read."""

    MEDIA_BUCKET = "MediaBucketName"
    OBJECT_DAYS = "ObjectDays"
    JOBS_TABLE = "JobsTableName"
    IDEMPOTENCY_TABLE = "IdempotencyTableName"
    JOBS_QUEUE_URL = "JobsQueueUrl"
    JOBS_DLQ_URL = "JobsDlqUrl"
    WORK_QUEUE_URL = "WorkQueueUrl"
    WORK_DLQ_URL = "WorkDlqUrl"
    CLUSTER = "ClusterName"
    WORKER_SERVICE = "WorkerServiceName"
    PROCESSOR_LOG_GROUP = "ProcessorLogGroupName"
    DISPATCHER_FUNCTION = "DispatcherFunctionName"
    REAPER_FUNCTION = "ReaperFunctionName"
    ALARM_TOPIC = "AlarmTopicArn"
    API_URL = "ApiUrl"
    WEB_URL = "WebUrl"
    API_SERVICE = "ApiServiceName"
    WEB_SERVICE = "WebServiceName"
    LOAD_BALANCER = "LoadBalancerName"
    API_GATEWAY = "ApiGatewayId"
    WEB_GATEWAY = "WebGatewayId"
    API_DOMAIN = "ApiDomainName"
    WEB_DOMAIN = "WebDomainName"
    USER_POOL = "UserPoolId"
    USER_POOL_CLIENT = "UserPoolClientId"
    EVENT_BUS = "EventBusName"
    WEBHOOK_DLQ_URL = "WebhookDlqUrl"


METRICS_NAMESPACE = "Lifestream"


class Metric(StrEnum):
    """Custom metrics; each job counts once as succeeded or failed."""

    JOBS_SUCCEEDED = "JobsSucceeded"
    JOBS_FAILED = "JobsFailed"
    JOB_SECONDS = "JobSeconds"
    JOBS_PUT_BACK = "JobsPutBack"
    TASKS_STOPPED = "TasksStopped"
    SWEEPS_COMPLETED = "SweepsCompleted"
    LAUNCHES_FAILED = "LaunchesFailed"
    DISPATCHES_FAILED = "DispatchesFailed"

    PROTECTION_LEASE_AGE_SECONDS = "ProtectionLeaseAgeSeconds"
    PROTECTION_MARGIN_SECONDS = "ProtectionMarginSeconds"
    PROTECTION_RENEWALS = "ProtectionRenewals"
    PROTECTION_REFUSALS = "ProtectionRefusals"
    PROTECTION_FAILURES = "ProtectionFailures"
    PROTECTION_LEASES_LOST = "ProtectionLeasesLost"
    WORKER_JOBS_RELEASED = "WorkerJobsReleased"

    JOBS_IN_STATE = "JobsInState"
    STAGE_SECONDS = "StageSeconds"
    MEDIA_SECONDS = "MediaSeconds"
    PROCESSING_USD = "ProcessingUsd"
    SPOT_INTERRUPTIONS = "SpotInterruptions"
    UPLOADS_WITHOUT_JOB = "UploadsWithoutJob"
    LONGEST_WAIT_SECONDS = "LongestWaitSeconds"
    SUMMARY_FALLBACKS = "SummaryFallbacks"
    SUMMARY_USD = "SummaryUsd"
    SUMMARY_SENTENCES_REJECTED = "SummarySentencesRejected"


SERVICE_METRICS_NAMESPACE = "Lifestream/Service"


class ServiceMetric(StrEnum):
    """Custom metrics of the services, in a namespace of their own; all count by environment."""

    CONCURRENT_SESSIONS = "ConcurrentSessions"
    """Callers that one instance served within the last five minutes."""

    WEBSOCKET_CONNECTIONS = "WebSocketConnections"
    """Open sockets of one instance."""

    UPLOAD_BYTES = "UploadBytes"
    """Bytes of uploads and imports that became jobs."""

    DATABASE_LATENCY = "DatabaseLatency"
    """Milliseconds of calls to DynamoDB."""

    ERROR_RATE = "ErrorRate"
    """Percentage of one instance's answers in a minute that were server errors."""


class MetricDimension(StrEnum):
    """Dimensions of metrics; the class of a code is the part before its first dot."""

    ENVIRONMENT = "environment"
    CODE_CLASS = "code_class"
    STATE = "state"
    STAGE = "stage"


OWN_DIMENSION = {
    Metric.JOBS_IN_STATE: MetricDimension.STATE,
    Metric.STAGE_SECONDS: MetricDimension.STAGE,
}
"""The metrics that always have a dimension besides the environment."""


class JobsTable:
    """Key and index of the jobs table."""

    PARTITION_KEY = "job_id"
    STATE_INDEX = "by_state"
    STATE_INDEX_PARTITION_KEY = "state"
    STATE_INDEX_SORT_KEY = "updated_at"
    OWNER_INDEX = "by_owner"
    OWNER_INDEX_PARTITION_KEY = "owner"
    OWNER_INDEX_SORT_KEY = "created_at"
    OWNER_INDEX_ATTRIBUTES = ("state", "title", "key")
    """What the index holds beside its keys: what a listing filters by and progress leaves alone."""

    TTL_ATTRIBUTE = "expires_at"
    ERASED = "ERASED"
    """In place of a state: of an erased job nothing but its id is kept, for some hours."""


class ServiceTable:
    """The one shape of the service's tables: uploads, API keys, webhooks."""

    PARTITION_KEY = "pk"
    SORT_KEY = "sk"
    TTL_ATTRIBUTE = "expires_at"


SPEND_PREFIX = "summary-spend|"
"""Keys of the idempotency table's items with what summaries cost in a month, `2026-11`."""


ERASURE_PREFIX = "erasure|"
"""Keys of the idempotency table's items with the certificates of erasures."""


class IdempotencyTable:
    """The idempotency table; its key is `s3_key|etag`, one bucket a table."""

    PARTITION_KEY = "object_id"
    TTL_ATTRIBUTE = "expires_at"
    DISPATCHED = "dispatched"
    PROCESSED = "processed"


class ResultFile(StrEnum):
    """Files that a job publishes, the manifest last; beside them `thumbnails/`."""

    SUMMARY_JSON = "summary.json"
    SUMMARY_MARKDOWN = "summary.md"
    TRANSCRIPT_JSON = "transcript.json"
    TRANSCRIPT_TEXT = "transcript.txt"
    TRANSCRIPT_TSV = "transcript.tsv"
    TRANSCRIPT_WORD = "transcript.docx"
    CAPTIONS_SRT = "transcript.srt"
    CAPTIONS_VTT = "transcript.vtt"
    SPEAKERS_RTTM = "speakers.rttm"
    SCENES_JSON = "scenes.json"
    CHAPTERS_VTT = "chapters.vtt"
    CONTACT_SHEET = "contact-sheet.jpg"
    PLAYER_AUDIO = "audio.m4a"
    WAVEFORM = "waveform.json"
    FINDINGS = "findings.json.gz"
    EDITS = "edits.json"
    METRICS = "metrics.json"
    MANIFEST = "manifest.json"


class Stage(StrEnum):
    """Stages of the pipeline in the order in which a job reports them."""

    FETCH = "fetch"
    PROBE = "probe"
    AUDIO = "audio"
    TRANSCRIBE = "transcribe"
    DIARIZE = "diarize"
    SCENES = "scenes"
    THUMBNAILS = "thumbnails"
    PLAYER_AUDIO = "player_audio"
    ATTRIBUTE = "attribute"
    CHUNK = "chunk"
    SUMMARIZE = "summarize"
    PUBLISH = "publish"


def stack_prefix(environment: str) -> str:
    """Return the prefix of an environment's stack names, as in `lifestream-dev-network`."""
    return f"{SERVICE_NAME}-{environment}-"


def object_id(key: str, etag: str) -> str:
    """Return the identity of one version of an upload, `s3_key|etag`, ETag without quotes."""
    return key + "|" + etag.strip('"')


def result_prefix(job_id: str) -> str:
    """Return the prefix of all of a job's results, with its slash.

    Directly below it is a copy for people and tools. Programs read what the job's `result_key`
    names, through `runtime.results.published`.
    """
    return f"{RESULTS_PREFIX}{job_id}/"


def attempt_folder(attempt: int, revision: str = "") -> str:
    """Return the folder of what an attempt publishes, below `result_prefix`, with its slash.

    Revisions correct an attempt's results; each is named by its number and a digest.
    """
    revised = f"revisions/{revision}/" if revision else ""
    return f"attempts/{attempt}/{revised}"


def thumbnail_name(scene_index: int) -> str:
    """Return the name of a scene's picture below the job's results, counted from 1."""
    return f"thumbnails/scene-{scene_index + 1:04d}.webp"


def work_prefix(job_id: str) -> str:
    """Return the prefix of a job's checkpoints, with its slash."""
    return f"{WORK_PREFIX}{job_id}/"


def is_upload(key: str) -> bool:
    """Return whether a decoded key is an upload; names and suffixes decide nothing."""
    return key.startswith(UPLOADS_PREFIX)


def is_folder_marker(key: str, size_bytes: int) -> bool:
    """Return whether an object only stands for a folder, as S3's console creates them."""
    return key.endswith("/") and size_bytes == 0
