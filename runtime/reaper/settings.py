"""The reaper's settings, read whole before any work."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.core.contract import Compute, EnvVar
from runtime.core.environ import WORK_QUEUES, EnvironmentReader, LambdaSettings
from runtime.core.erasure import KeptCopy, parse_kept
from runtime.core.errors import Permanent
from runtime.reaper.reconciler import LOST_EVENT_SECONDS
from runtime.reaper.remedies import (
    MAX_WAIT_SECONDS,
    QUEUED_SECONDS,
    START_SECONDS,
    UNANNOUNCED_SECONDS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaperSettings(LambdaSettings):
    """The reaper's settings; times in seconds."""

    cluster: str
    media_bucket: str
    jobs_queue_url: str
    max_attempts: int
    job_timeout_seconds: float
    silence_seconds: float
    unannounced_seconds: float
    start_seconds: float
    queued_seconds: float
    max_wait_seconds: float
    lost_event_seconds: float
    work_queue_urls: Mapping[Compute, str] = field(default_factory=dict)
    jobs_dlq_url: str | None = None
    uploads_table: str | None = None
    webhooks_table: str | None = None
    reads_table: str | None = None
    kept: tuple[KeptCopy, ...] = ()


def read_reaper_settings(environ: Mapping[str, str]) -> ReaperSettings:
    """Return the settings; raise `Permanent` that names everything missing or wrong at once."""
    read = EnvironmentReader(environ, component="reaper")
    queues = {compute: read.optional(name) for compute, name in WORK_QUEUES.items()}
    settings = ReaperSettings(
        **read.common(),
        cluster=read.text(EnvVar.ECS_CLUSTER_NAME),
        media_bucket=read.text(EnvVar.MEDIA_BUCKET),
        jobs_queue_url=read.text(EnvVar.JOBS_QUEUE_URL),
        max_attempts=read.number(EnvVar.MAX_ATTEMPTS),
        job_timeout_seconds=read.number(EnvVar.JOB_TIMEOUT_SECONDS),
        silence_seconds=read.number(EnvVar.HEARTBEAT_SILENCE_SECONDS),
        unannounced_seconds=read.number(EnvVar.UNANNOUNCED_SECONDS, UNANNOUNCED_SECONDS),
        start_seconds=read.number(EnvVar.TASK_START_SECONDS, START_SECONDS),
        queued_seconds=read.number(EnvVar.QUEUED_SECONDS, QUEUED_SECONDS),
        max_wait_seconds=read.number(EnvVar.MAX_WAIT_SECONDS, MAX_WAIT_SECONDS),
        lost_event_seconds=read.number(EnvVar.LOST_EVENT_SECONDS, LOST_EVENT_SECONDS),
        work_queue_urls={compute: url for compute, url in queues.items() if url},
        jobs_dlq_url=read.optional(EnvVar.JOBS_DLQ_URL),
        uploads_table=read.optional(EnvVar.UPLOADS_TABLE),
        webhooks_table=read.optional(EnvVar.WEBHOOKS_TABLE),
        reads_table=read.optional(EnvVar.READS_TABLE),
        kept=_kept(read.optional(EnvVar.KEPT_COPIES) or ""),
    )
    read.finish()
    return settings


def _kept(text: str) -> tuple[KeptCopy, ...]:
    try:
        return parse_kept(text)
    except ValueError as error:
        raise Permanent(
            "config.invalid",
            f"The reaper cannot start: {EnvVar.KEPT_COPIES} is {text!r} ({error}).",
            "Correct the function's environment variables and deploy again.",
        ) from error
