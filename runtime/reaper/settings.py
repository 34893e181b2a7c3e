"""The reaper's settings, read whole before any work."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from runtime.core.contract import EnvVar
from runtime.core.environ import LambdaSettings, read_settings
from runtime.core.erasure import KeptCopy, parse_kept
from runtime.reaper.reconciler import LOST_EVENT_SECONDS
from runtime.reaper.remedies import Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaperSettings(LambdaSettings):
    """The reaper's settings; times in seconds."""

    cluster: Annotated[str, EnvVar.ECS_CLUSTER_NAME]
    media_bucket: Annotated[str, EnvVar.MEDIA_BUCKET]
    jobs_queue_url: Annotated[str, EnvVar.JOBS_QUEUE_URL]
    budget: Budget
    lost_event_seconds: Annotated[float, EnvVar.LOST_EVENT_SECONDS] = LOST_EVENT_SECONDS
    jobs_dlq_url: Annotated[str | None, EnvVar.JOBS_DLQ_URL] = None
    uploads_table: Annotated[str | None, EnvVar.UPLOADS_TABLE] = None
    webhooks_table: Annotated[str | None, EnvVar.WEBHOOKS_TABLE] = None
    reads_table: Annotated[str | None, EnvVar.READS_TABLE] = None
    kept: Annotated[tuple[KeptCopy, ...], EnvVar.KEPT_COPIES, parse_kept] = ()


def read_reaper_settings(environ: Mapping[str, str]) -> ReaperSettings:
    """Return the settings; raise `Permanent` that names everything missing or wrong at once."""
    return read_settings(ReaperSettings, environ, component="reaper")
