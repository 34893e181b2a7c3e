"""Names that the infrastructure and the runtime must agree on, each written once.

Importable with an empty environment: nothing here reads a variable, a file or a clock.
"""

from runtime.core.contract.jobs import (
    OPTION_PREFIX as OPTION_PREFIX,
    REDACTED_FOLDER as REDACTED_FOLDER,
    Channels as Channels,
    Compute as Compute,
    Device as Device,
    Launch as Launch,
    LeaveOut as LeaveOut,
    Option as Option,
    Quality as Quality,
    Redact as Redact,
    SceneModel as SceneModel,
    Stage as Stage,
    SubmissionField as SubmissionField,
    SummarizerName as SummarizerName,
)
from runtime.core.contract.metrics import (
    METRICS_NAMESPACE as METRICS_NAMESPACE,
    OWN_DIMENSION as OWN_DIMENSION,
    SERVICE_METRICS_NAMESPACE as SERVICE_METRICS_NAMESPACE,
    Metric as Metric,
    MetricDimension as MetricDimension,
    ServiceMetric as ServiceMetric,
)
from runtime.core.contract.names import (
    SERVICE_NAME as SERVICE_NAME,
    VERSION as VERSION,
    Output as Output,
    stack_prefix as stack_prefix,
)
from runtime.core.contract.processes import (
    API_COMMAND as API_COMMAND,
    API_HANDLER as API_HANDLER,
    API_PORT as API_PORT,
    CONFIRM_MESSAGE_TYPE as CONFIRM_MESSAGE_TYPE,
    DISPATCHER_HANDLER as DISPATCHER_HANDLER,
    ENTRY_POINT as ENTRY_POINT,
    ERASE_EVENT as ERASE_EVENT,
    EVENTS_HANDLER as EVENTS_HANDLER,
    HEALTH_COMMAND as HEALTH_COMMAND,
    PROCESSOR_COMMAND as PROCESSOR_COMMAND,
    PROCESSOR_CONTAINER_NAME as PROCESSOR_CONTAINER_NAME,
    QUEUED_MESSAGE_TYPE as QUEUED_MESSAGE_TYPE,
    REAPER_HANDLER as REAPER_HANDLER,
    RECONCILE_EVENT as RECONCILE_EVENT,
    REQUEUE_MESSAGE_TYPE as REQUEUE_MESSAGE_TYPE,
    SCAN_EVENT as SCAN_EVENT,
    SCAN_SOURCE as SCAN_SOURCE,
    WEB_COMMAND as WEB_COMMAND,
    WEB_HANDLER as WEB_HANDLER,
    WEB_PORT as WEB_PORT,
    WORKER_COMMAND as WORKER_COMMAND,
    WORKER_HEALTH_COMMAND as WORKER_HEALTH_COMMAND,
    WORKER_PORT as WORKER_PORT,
    ExitCode as ExitCode,
)
from runtime.core.contract.storage import (
    ERASURE_PREFIX as ERASURE_PREFIX,
    RESULTS_PREFIX as RESULTS_PREFIX,
    SCAN_TAG as SCAN_TAG,
    SPEND_PREFIX as SPEND_PREFIX,
    UPLOADS_PREFIX as UPLOADS_PREFIX,
    WORK_PREFIX as WORK_PREFIX,
    IdempotencyTable as IdempotencyTable,
    JobsTable as JobsTable,
    ResultFile as ResultFile,
    ServiceTable as ServiceTable,
    attempt_folder as attempt_folder,
    is_folder_marker as is_folder_marker,
    is_upload as is_upload,
    object_id as object_id,
    result_prefix as result_prefix,
    thumbnail_name as thumbnail_name,
    work_prefix as work_prefix,
)
from runtime.core.contract.variables import FALSE as FALSE, TRUE as TRUE, EnvVar as EnvVar
