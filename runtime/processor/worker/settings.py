"""The worker's settings, read and validated whole from an environment mapping."""

from pydantic import Field

from runtime.core.contract import WORKER_PORT, EnvVar
from runtime.processor.settings import ProcessorSettings, Whole


class WorkerSettings(ProcessorSettings):
    """The worker's queues, and the loopback `port` of its health server."""

    work_queue_url: str = Field(validation_alias=EnvVar.WORK_QUEUE_URL)
    jobs_queue_url: str = Field(validation_alias=EnvVar.JOBS_QUEUE_URL)
    visibility_seconds: Whole = Field(validation_alias=EnvVar.WORK_VISIBILITY_SECONDS)
    port: Whole = Field(default=WORKER_PORT, validation_alias=EnvVar.WORKER_PORT)
