"""The tables of an environment file that need no module of their own."""

from typing import Annotated, Literal

from pydantic import Field, Strict

from cdk.config.settings import Settings, Violation, Violations, rule, whole
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
)
from runtime.core.contract import SceneModel

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class EncryptionConfig(Settings):
    """What is stored is always encrypted; the choice is by whose key."""

    customer_key: bool
    """A KMS key of the environment's own, rotated every year, for buckets, tables, queues, logs,
    the alarm topic and secrets; else AWS's own keys."""


class UploadsConfig(Settings):
    """Who may send videos straight from a browser."""

    allowed_origins: Several[Origin] = Field(max_length=20)
    """Web pages from which browsers may upload and read results; none without an entry."""


class BackupConfig(Settings):
    """Daily copies of tables and media by AWS Backup. Without the table [backup] there are none."""

    keep_days: int = whole(7, 3650)
    """How long a day's copy is kept before it is deleted."""


class StorageConfig(Settings):
    """How long things are kept, in days."""

    upload_days: int | None = whole(1, 3650, default=None)
    """Uploaded videos; left out, they stay until a person deletes them."""
    work_days: int = whole(1, 365)
    """Checkpoints of jobs."""
    result_days: int | None = whole(1, 3650, default=None)
    """Results of jobs; left out, they stay until a person deletes them."""
    old_version_days: int = whole(1, 3650)
    """Overwritten and deleted objects, before they are deleted for good."""
    access_log_days: int = whole(1, 3650)
    """S3 access logs."""
    log_retention_days: LogRetentionDays
    """Log groups, flow logs among them."""


class QueueConfig(Settings):
    """The jobs queue."""

    visibility_timeout_seconds: int = whole(6, 43200, "SQS allows 12 hours")
    """How long a message that a dispatcher failed on stays hidden."""
    max_receive_count: int = whole(5, 1000, "throttled Lambda invocations count as receives")
    """How often a message is received before it is a dead letter."""


class DispatcherConfig(Settings):
    """The Lambda function that turns messages into tasks."""

    timeout_seconds: int = whole(
        15, 900, "a message is not begun with less than 8 s left; Lambda allows 15 minutes"
    )
    """The longest that one batch may take."""
    memory_mib: int = whole(128, 10240, "Lambda's bounds")
    """Memory, and with it processor time."""
    max_concurrency: int = whole(2, 1000, "SQS event sources allow these")
    """Dispatchers at a time."""
    claim_lease_seconds: int = whole(10, 43200)
    """How long a job is one dispatcher's before another may claim it."""
    log_level: LogLevel
    """The least severe line that is logged."""


class ReaperConfig(Settings):
    """The Lambda function that looks after jobs whose task died, hung or never started."""

    sweep_minutes: int = whole(1, 10, "the doctor calls a job stuck after half an hour")
    """Time between two looks at every running job."""
    timeout_seconds: int = whole(60, 900, "Lambda allows 15 minutes")
    """The longest that a look may take."""
    memory_mib: int = whole(128, 10240, "Lambda's bounds")
    """Memory, and with it processor time."""
    reserved_concurrency: int | None = whole(
        2, 100, "an account must keep 100 unreserved", default=None
    )
    """Concurrent runs reserved for it, which are also its most; left out, it shares the
    account's."""
    max_attempts: int = whole(1, 10)
    """Runs of a job that may reach a processor before it has failed."""
    silence_seconds: int = whole(300, 1200, "the doctor calls a job stuck after half an hour")
    """How long a processor, whose heart beats every half minute, may be silent."""
    log_level: LogLevel
    """The least severe line that is logged."""

    @rule
    def _sweeps_do_not_overlap(self) -> Violations:
        most = 60 * self.sweep_minutes
        if self.timeout_seconds > most:
            yield Violation(
                "timeout_seconds",
                f"at most {most}, reaper.sweep_minutes = {self.sweep_minutes}"
                " (sweeps would overlap)",
            )


class ProcessorConfig(Settings):
    """The task that processes one video."""

    cpu: FargateCpu
    """1024 for each vCPU."""
    memory_mib: int = whole(512, 122880, "Fargate's bounds")
    """Memory."""
    ephemeral_storage_gib: int = whole(21, 200, "Fargate's bounds")
    """The disk, for the video and its parts."""
    architecture: Literal["X86_64", "ARM64"]
    """What the image was built for; ARM64 costs a fifth less."""
    stop_timeout_seconds: int = whole(2, 120, "Fargate kills a container after 120 s at the latest")
    """Time between the request to stop and the kill."""
    job_timeout_seconds: int = whole(60, 86400)
    """The longest that one attempt at a job may take."""
    capacity_providers: Several[Literal["FARGATE_SPOT", "FARGATE"]] = Field(
        min_length=1, max_length=2
    )
    """Tried in turn for capacity."""
    image_tag: ImageTag
    """The image in the environment's repository, or `asset`."""
    asr_model: ModelName
    """The speech recognition model in the image."""
    scene_model: Annotated[SceneModel, Strict(strict=False)]
    """What finds scenes; transnetv2 finds dissolves too, is slow and must be in the image."""
    log_level: LogLevel
    """The least severe line that is logged."""

    @rule
    def _memory_goes_with_cpu(self) -> Violations:
        sizes = FARGATE_MEMORY_MIB[self.cpu]
        if self.memory_mib not in sizes:
            yield Violation(
                "memory_mib",
                f"with processor.cpu = {self.cpu} one of {', '.join(map(str, sizes))}"
                " (the pairs that Fargate offers)",
            )


class ObservabilityConfig(Settings):
    """What can be seen of a job besides its record, its log lines and the metrics."""

    tracing: bool
    """What is done for a job, from its upload to its results, is sent to X-Ray as one trace."""


class AlarmsConfig(Settings):
    """Who is notified by alarms, and from which values on."""

    emails: Several[EmailAddress] = Field(max_length=20)
    """Who is notified; each address must confirm a first mail."""
    oldest_message_seconds: int = whole(60, 86400)
    """Alarm if a message waits longer than this."""
    put_backs_an_hour: int = whole(1, 10000)
    """Alarm if as many jobs had to be run again within an hour."""


class BudgetConfig(Settings):
    """What an environment may cost. Without the table [budget] there is no notification."""

    monthly_usd: int = whole(1, 1_000_000)
    """US dollars a month; the alarm topic is notified at 80% spent, and if more than all is
    forecast."""


class ChatConfig(Settings):
    """A Slack channel that gets alarms' notifications. Without the table [chat] there is none."""

    slack_workspace: SlackWorkspace
    """The workspace, authorized once in the console of Amazon Q Developer in chat applications."""
    slack_channel: SlackChannel
    """The channel."""
