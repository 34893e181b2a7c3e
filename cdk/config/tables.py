"""The tables of an environment file that need no module of their own."""

from typing import Annotated, Literal

from pydantic import Field, Strict

from cdk.config.settings import Settings, Violations, rule, whole
from cdk.config.values import (
    FARGATE_MEMORY_MIB,
    EmailAddress,
    FargateCpu,
    ImageTag,
    LogRetentionDays,
    ModelName,
    Origin,
    Several,
    SlackChannel,
    SlackWorkspace,
    VaultArn,
)
from runtime.core.contract import Quality, SceneModel

_LEAST_DAYS_OF_CLASS = 30

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class EncryptionConfig(Settings):
    """Stored data is always encrypted; this selects the key."""

    customer_key: bool
    """Use a customer-managed KMS key, rotated every year, for buckets, tables, queues, logs, the
    alarm topic and secrets; otherwise AWS's own keys."""


class UploadsConfig(Settings):
    """Access for browsers, and what happens to an upload before it is processed."""

    allowed_origins: Several[Origin] = Field(max_length=20)
    """Origins of web pages that may upload and read results from a browser."""
    malware_scan: bool = False
    """Whether GuardDuty scans uploads for malware; a job then starts once its upload is found
    clean, and fails otherwise."""


class BackupConfig(Settings):
    """Daily copies of tables and media by AWS Backup. Without [backup] no copies are made."""

    keep_days: int = whole(7, 3650)
    """How long each daily copy is kept."""
    lock: Literal["governance", "compliance"] | None = None
    """Whether copies are locked for that time: against everyone without a right of their own, or,
    irrevocably after three days, against everyone."""
    copy_to: VaultArn | None = None
    """A vault of another account or region, which gets a copy of each; its policy must admit this
    account."""


class StorageConfig(Settings):
    """Retention periods, in days."""

    upload_days: int | None = whole(1, 3650, default=None)
    """Uploaded videos; if omitted, they stay until a person deletes them."""
    work_days: int = whole(1, 365)
    """Checkpoints of jobs."""
    result_days: int | None = whole(1, 3650, default=None)
    """Results of jobs; if omitted, they stay until a person deletes them."""
    old_version_days: int = whole(1, 3650)
    """Versions of overwritten and deleted objects."""
    access_log_days: int = whole(1, 3650)
    """S3 access logs."""
    log_retention_days: LogRetentionDays
    """Log groups, including flow logs."""
    infrequent_access_days: int | None = whole(30, 3650, "S3 moves none earlier", default=None)
    """The age at which uploads and results move to S3's class for infrequent access; if omitted,
    they stay in the standard class."""

    @property
    def object_days(self) -> int | None:
        """When S3 expires the first of uploads or results; None for never."""
        days = [each for each in (self.upload_days, self.result_days) if each is not None]
        return min(days, default=None)

    @rule("infrequent_access_days")
    def _moves_before_it_expires(self) -> Violations:
        days = [each for each in (self.upload_days, self.result_days) if each is not None]
        least = (self.infrequent_access_days or 0) + _LEAST_DAYS_OF_CLASS
        if self.infrequent_access_days is not None and any(each < least for each in days):
            yield (
                f"{_LEAST_DAYS_OF_CLASS} days less than storage.upload_days ="
                f" {self.upload_days} and storage.result_days = {self.result_days} (the class"
                " charges for as many days at least)"
            )


class QueueConfig(Settings):
    """The jobs queue."""

    visibility_timeout_seconds: int = whole(6, 43200, "SQS allows 12 hours")
    """How long a message stays hidden after the dispatcher failed on it."""
    max_receive_count: int = whole(5, 1000, "throttled Lambda invocations count as receives")
    """Number of receives before a message becomes a dead letter."""


class DispatcherConfig(Settings):
    """The Lambda function that turns messages into tasks."""

    timeout_seconds: int = whole(
        15, 900, "no message is started with less than 8 s left; Lambda allows 15 minutes"
    )
    """Time limit of one batch."""
    memory_mib: int = whole(128, 10240, "Lambda's bounds")
    """Memory, which also determines the share of a processor."""
    max_concurrency: int = whole(2, 1000, "SQS event sources allow these")
    """Maximum number of concurrent dispatchers."""
    claim_lease_seconds: int = whole(10, 43200)
    """How long a claim lasts before another dispatcher may take it over."""
    canary_minutes: int | None = whole(1, 60, default=None)
    """How long a new version gets a tenth of the work before it gets all, and none after an error;
    left out, all at once."""
    log_level: LogLevel
    """Minimum severity of log lines."""


class ReaperConfig(Settings):
    """The Lambda function that requeues or fails jobs whose task died, hung or never started."""

    sweep_minutes: int = whole(1, 10, "the doctor calls a job stuck after half an hour")
    """Time between two sweeps of all unfinished jobs."""
    timeout_seconds: int = whole(60, 900, "Lambda allows 15 minutes")
    """Time limit of a sweep."""
    memory_mib: int = whole(128, 10240, "Lambda's bounds")
    """Memory, which also determines the share of a processor."""
    reserved_concurrency: int | None = whole(
        2, 100, "an account must keep 100 unreserved", default=None
    )
    """Reserved concurrency, which is also the maximum; if omitted, it shares the account's
    concurrency."""
    max_attempts: int = whole(1, 10)
    """Number of runs that may reach a processor before the job fails."""
    silence_seconds: int = whole(300, 1200, "the doctor calls a job stuck after half an hour")
    """How long a processor may send no heartbeat; it sends one every half minute."""
    max_wait_hours: int = whole(1, 1440, "records are kept for 90 days", default=168)
    """How long a job may wait for capacity, a worker or a service before it fails."""
    log_level: LogLevel
    """Minimum severity of log lines."""

    @rule("timeout_seconds")
    def _sweeps_do_not_overlap(self) -> Violations:
        most = 60 * self.sweep_minutes
        if self.timeout_seconds > most:
            yield (
                f"at most {most}, reaper.sweep_minutes = {self.sweep_minutes}"
                " (sweeps would overlap)"
            )


class ProcessorConfig(Settings):
    """The task that processes one video."""

    cpu: FargateCpu
    """CPU units, 1024 for each vCPU."""
    memory_mib: int = whole(512, 122880, "Fargate's bounds")
    """Memory."""
    ephemeral_storage_gib: int = whole(21, 200, "Fargate's bounds")
    """Disk for the video and its parts."""
    architecture: Literal["X86_64", "ARM64"]
    """Processor architecture of the image; ARM64 costs a fifth less."""
    stop_timeout_seconds: int = whole(2, 120, "Fargate kills a container after 120 s at the latest")
    """Time between SIGTERM and SIGKILL."""
    job_timeout_seconds: int = whole(60, 86400)
    """Time limit of one attempt at a job."""
    capacity_providers: Several[Literal["FARGATE_SPOT", "FARGATE"]] = Field(
        min_length=1, max_length=2
    )
    """Capacity providers, tried in order."""
    image_tag: ImageTag
    """The image in the environment's repository, or `asset`."""
    asr_model: ModelName
    """The speech recognition model in the image, for the quality `balanced`."""
    quality: Annotated[Quality, Strict(strict=False)]
    """Quality of recognition where an upload asks for none; best needs its model in the image."""
    scene_model: Annotated[SceneModel, Strict(strict=False)]
    """The scene detector; transnetv2 also finds dissolves, is slow and must be in the image."""
    log_level: LogLevel
    """Minimum severity of log lines."""

    @rule("memory_mib")
    def _memory_goes_with_cpu(self) -> Violations:
        sizes = FARGATE_MEMORY_MIB[self.cpu]
        if self.memory_mib not in sizes:
            yield (
                f"with processor.cpu = {self.cpu} one of {', '.join(map(str, sizes))}"
                " (the pairs that Fargate offers)"
            )


class ObservabilityConfig(Settings):
    """Observability beside job records, logs and metrics."""

    tracing: bool
    """Send one trace per job to X-Ray, from its upload to its results."""


class AlarmsConfig(Settings):
    """Recipients and thresholds of alarms."""

    emails: Several[EmailAddress] = Field(max_length=20)
    """E-mail recipients; each address must confirm a first mail."""
    oldest_message_seconds: int = whole(60, 86400)
    """Alarm if a message waits longer than this."""
    job_wait_minutes: int = whole(5, 10080, default=60)
    """Alarm if a job waits longer than this for capacity, a worker or a service."""
    put_backs_an_hour: int = whole(1, 10000)
    """Alarm if this many jobs are requeued within an hour."""


class BudgetConfig(Settings):
    """The budget of the environment. Without [budget] there is no notification."""

    monthly_usd: int = whole(1, 1_000_000)
    """US dollars a month; the alarm topic is notified at 80% spent, and if more than all is
    forecast."""
    anomaly_usd: int | None = whole(1, 1_000_000, default=None)
    """Notify the topic of unusual spending of this many US dollars, too, as AWS detects it; if
    omitted, it is not looked for."""


class ChatConfig(Settings):
    """A Slack channel for alarm notifications. Without [chat] there is none."""

    slack_workspace: SlackWorkspace
    """The workspace, authorized once in the console of Amazon Q Developer in chat applications."""
    slack_channel: SlackChannel
    """The channel."""
