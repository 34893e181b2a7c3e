"""The dispatcher's settings, read whole before any work."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from runtime.aws.tasks import LaunchTarget
from runtime.core.contract import EnvVar, Launch
from runtime.core.environ import EnvironmentReader, LambdaSettings, one_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatcherSettings(LambdaSettings):
    """The dispatcher's settings; times in seconds.

    CPU jobs go to `work_queue_url`, or to tasks of their own where it is None. GPU jobs go to
    `gpu_work_queue_url`; None means that the environment has no GPU. With `malware_scan`, GuardDuty
    scans uploads, and jobs wait for its results.
    """

    media_bucket: Annotated[str, EnvVar.MEDIA_BUCKET]
    jobs_queue_url: Annotated[str, EnvVar.JOBS_QUEUE_URL]
    claim_lease_seconds: Annotated[float, EnvVar.CLAIM_LEASE_SECONDS]
    tasks: LaunchTarget | None = None
    malware_scan: Annotated[bool, EnvVar.MALWARE_SCAN] = False


def read_settings(environ: Mapping[str, str]) -> DispatcherSettings:
    """Return the settings; raise `Permanent` that names everything missing or wrong at once."""
    read = EnvironmentReader(environ, component="dispatcher")
    pooled = read.variable(EnvVar.LAUNCH, one_of(Launch), Launch.ON_DEMAND) == Launch.POOL
    return read.whole(
        DispatcherSettings,
        tasks=None if pooled else read.part(LaunchTarget),
        work_queue_url=read.variable(EnvVar.WORK_QUEUE_URL) if pooled else None,
    )
