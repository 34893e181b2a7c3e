"""How processes are started, called and ended: commands, handlers, ports, messages, statuses."""

from enum import IntEnum

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


CONFIRM_MESSAGE_TYPE = "lifestream.upload_confirmed"
"""`type` of the API's message `{"type", "bucket", "key"}`: an upload is complete."""

SCAN_SOURCE, SCAN_EVENT = "aws.guardduty", "GuardDuty Malware Protection Object Scan Result"
"""`source` and `detail-type` of the event of a scan's result."""

REQUEUE_MESSAGE_TYPE = "lifestream.job_requeued"
"""`type` of a message `{"type", "job_id"}`: a requeued job is to be dispatched again."""

QUEUED_MESSAGE_TYPE = "lifestream.job_queued"
"""`type` of a work queue's message `{"type", "job_id", "attempt"}`: run this attempt."""


WORKER_PORT = 8080
"""The loopback port on which a worker answers `GET /` and `GET /health`."""


class ExitCode(IntEnum):
    """The exit status of a processor."""

    SUCCESS = 0
    PERMANENT_FAILURE = 10
    RETRYABLE_FAILURE = 11
    RESUMABLE = 12
    LOST_CLAIM = 13
    BAD_CONFIGURATION = 14
