"""The worker's settings, read and validated whole from an environment mapping."""

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.core.contract import WORKER_PORT, EnvVar
from runtime.processor.settings import ProcessorSettings, Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings(ProcessorSettings):
    """Where jobs come from and go back to; `port` is where it tells how it is, on the loopback."""

    work_queue_url: str
    jobs_queue_url: str
    visibility_seconds: int
    port: int

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "WorkerSettings":
        """Read the settings; raise `BadConfigurationError` naming all that is missing or wrong."""
        read = Reader(environ)
        settings = cls(
            work_queue_url=read.text(EnvVar.WORK_QUEUE_URL),
            jobs_queue_url=read.text(EnvVar.JOBS_QUEUE_URL),
            visibility_seconds=int(read.number(EnvVar.WORK_VISIBILITY_SECONDS, whole=True)),
            port=int(read.number(EnvVar.WORKER_PORT, WORKER_PORT, whole=True)),
            **read.work(),
        )
        read.finish()
        return settings
