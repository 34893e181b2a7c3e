"""Custom metrics, their namespaces and dimensions."""

from enum import StrEnum

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
