"""The dispatcher's settings, read whole before any work."""

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.core.contract import EnvVar, Launch
from runtime.core.environ import EnvironmentReader, LambdaSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSettings:
    """What RunTask needs to start a task for each job."""

    cluster: str
    task_definition: str
    capacity_providers: tuple[str, ...]
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    public_address: bool = False
    execute_command: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatcherSettings(LambdaSettings):
    """The dispatcher's settings; times in seconds.

    CPU jobs go to `work_queue_url`, or to tasks of their own where it is None. GPU jobs go to
    `gpu_work_queue_url`; None means that the environment has no GPU. With `malware_scan`, GuardDuty
    scans uploads, and jobs wait for its results.
    """

    media_bucket: str
    jobs_queue_url: str
    claim_lease_seconds: float
    tasks: TaskSettings | None = None
    work_queue_url: str | None = None
    gpu_work_queue_url: str | None = None
    malware_scan: bool = False


def read_settings(environ: Mapping[str, str]) -> DispatcherSettings:
    """Return the settings; raise `Permanent` that names everything missing or wrong at once."""
    read = EnvironmentReader(environ, component="dispatcher")
    pooled = read.choice(EnvVar.LAUNCH, Launch, Launch.ON_DEMAND) == Launch.POOL
    settings = DispatcherSettings(
        **read.common(),
        media_bucket=read.text(EnvVar.MEDIA_BUCKET),
        jobs_queue_url=read.text(EnvVar.JOBS_QUEUE_URL),
        claim_lease_seconds=read.number(EnvVar.CLAIM_LEASE_SECONDS),
        tasks=None if pooled else _tasks(read),
        work_queue_url=read.text(EnvVar.WORK_QUEUE_URL) if pooled else None,
        gpu_work_queue_url=read.optional(EnvVar.GPU_WORK_QUEUE_URL),
        malware_scan=read.flag(EnvVar.MALWARE_SCAN),
    )
    read.finish()
    return settings


def _tasks(read: EnvironmentReader) -> TaskSettings:
    return TaskSettings(
        cluster=read.text(EnvVar.ECS_CLUSTER_NAME),
        task_definition=read.text(EnvVar.TASK_DEFINITION_ARN),
        capacity_providers=read.items(EnvVar.CAPACITY_PROVIDERS),
        subnet_ids=read.items(EnvVar.TASK_SUBNET_IDS),
        security_group_ids=read.items(EnvVar.TASK_SECURITY_GROUP_IDS),
        public_address=read.flag(EnvVar.TASK_PUBLIC_ADDRESS),
        execute_command=read.flag(EnvVar.TASK_EXECUTE_COMMAND),
    )
