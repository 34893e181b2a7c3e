"""The tables of an environment file that need no module of their own."""

from typing import Literal

from cdk.config.settings import Settings, Violation, Violations, rule, setting
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
_LOG_LEVEL = "the least severe line that is logged"


class EncryptionConfig(Settings):
    """What is stored is always encrypted; the choice is by whose key."""

    customer_key: bool = setting(
        "a KMS key of the environment's own, rotated every year, for buckets, tables, queues,"
        " logs, the alarm topic and secrets; else AWS's own keys"
    )


class UploadsConfig(Settings):
    """Who may send videos straight from a browser."""

    allowed_origins: Several[Origin] = setting(
        "web pages from which browsers may upload and read results; none without an entry",
        max_length=20,
    )


class BackupConfig(Settings):
    """Daily copies of tables and media by AWS Backup. Without the table [backup] there are none."""

    keep_days: int = setting("how long a day's copy is kept before it is deleted", ge=7, le=3650)


class StorageConfig(Settings):
    """How long things are kept, in days."""

    upload_days: int | None = setting(
        "uploaded videos; left out, they stay until a person deletes them",
        ge=1,
        le=3650,
        default=None,
    )
    work_days: int = setting("checkpoints of jobs", ge=1, le=365)
    result_days: int | None = setting(
        "results of jobs; left out, they stay until a person deletes them",
        ge=1,
        le=3650,
        default=None,
    )
    old_version_days: int = setting(
        "overwritten and deleted objects, before they are deleted for good", ge=1, le=3650
    )
    access_log_days: int = setting("S3 access logs", ge=1, le=3650)
    log_retention_days: LogRetentionDays = setting(
        "log groups, flow logs among them", why="what CloudWatch Logs accepts"
    )


class QueueConfig(Settings):
    """The jobs queue."""

    visibility_timeout_seconds: int = setting(
        "how long a message that a dispatcher failed on stays hidden",
        ge=6,
        le=43200,
        why="SQS allows 12 hours",
    )
    max_receive_count: int = setting(
        "how often a message is received before it is a dead letter",
        ge=5,
        le=1000,
        why="throttled Lambda invocations count as receives",
    )


class DispatcherConfig(Settings):
    """The Lambda function that turns messages into tasks."""

    timeout_seconds: int = setting(
        "the longest that one batch may take",
        ge=15,
        le=900,
        why="a message is not begun with less than 8 s left; Lambda allows 15 minutes",
    )
    memory_mib: int = setting(
        "memory, and with it processor time", ge=128, le=10240, why="Lambda's bounds"
    )
    max_concurrency: int = setting(
        "dispatchers at a time", ge=2, le=1000, why="SQS event sources allow these"
    )
    claim_lease_seconds: int = setting(
        "how long a job is one dispatcher's before another may claim it", ge=10, le=43200
    )
    log_level: LogLevel = setting(_LOG_LEVEL)


class ReaperConfig(Settings):
    """The Lambda function that looks after jobs whose task died, hung or never started."""

    sweep_minutes: int = setting(
        "time between two looks at every running job",
        ge=1,
        le=10,
        why="the doctor calls a job stuck after half an hour",
    )
    timeout_seconds: int = setting(
        "the longest that a look may take", ge=60, le=900, why="Lambda allows 15 minutes"
    )
    memory_mib: int = setting(
        "memory, and with it processor time", ge=128, le=10240, why="Lambda's bounds"
    )
    reserved_concurrency: int | None = setting(
        "concurrent runs reserved for it, which are also its most; left out, it shares the"
        " account's",
        ge=2,
        le=100,
        default=None,
        why="an account must keep 100 unreserved",
    )
    max_attempts: int = setting(
        "runs of a job that may reach a processor before it has failed", ge=1, le=10
    )
    silence_seconds: int = setting(
        "how long a processor, whose heart beats every half minute, may be silent",
        ge=300,
        le=1200,
        why="the doctor calls a job stuck after half an hour",
    )
    log_level: LogLevel = setting(_LOG_LEVEL)

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

    cpu: FargateCpu = setting("1024 for each vCPU", why="Fargate's sizes")
    memory_mib: int = setting("memory", ge=512, le=122880, why="Fargate's bounds")
    ephemeral_storage_gib: int = setting(
        "the disk, for the video and its parts", ge=21, le=200, why="Fargate's bounds"
    )
    architecture: Literal["X86_64", "ARM64"] = setting(
        "what the image was built for; ARM64 costs a fifth less"
    )
    stop_timeout_seconds: int = setting(
        "time between the request to stop and the kill",
        ge=2,
        le=120,
        why="Fargate kills a container after 120 s at the latest",
    )
    job_timeout_seconds: int = setting(
        "the longest that one attempt at a job may take", ge=60, le=86400
    )
    capacity_providers: Several[Literal["FARGATE_SPOT", "FARGATE"]] = setting(
        "tried in turn for capacity", min_length=1, max_length=2
    )
    image_tag: ImageTag = setting("the image in the environment's repository, or `asset`")
    asr_model: ModelName = setting("the speech recognition model in the image")
    scene_model: SceneModel = setting(
        "what finds scenes; transnetv2 finds dissolves too, is slow and must be in the image",
        strict=False,
    )
    log_level: LogLevel = setting(_LOG_LEVEL)

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

    tracing: bool = setting(
        "what is done for a job, from its upload to its results, is sent to X-Ray as one trace"
    )


class AlarmsConfig(Settings):
    """Who is notified by alarms, and from which values on."""

    emails: Several[EmailAddress] = setting(
        "who is notified; each address must confirm a first mail", max_length=20
    )
    oldest_message_seconds: int = setting(
        "alarm if a message waits longer than this", ge=60, le=86400
    )
    put_backs_an_hour: int = setting(
        "alarm if as many jobs had to be run again within an hour", ge=1, le=10000
    )


class BudgetConfig(Settings):
    """What an environment may cost. Without the table [budget] there is no notification."""

    monthly_usd: int = setting(
        "US dollars a month; the alarm topic is notified at 80% spent, and if more than all is"
        " forecast",
        ge=1,
        le=1_000_000,
    )


class ChatConfig(Settings):
    """A Slack channel that gets alarms' notifications. Without the table [chat] there is none."""

    slack_workspace: SlackWorkspace = setting(
        "the workspace, authorized once in the console of Amazon Q Developer in chat applications"
    )
    slack_channel: SlackChannel = setting("the channel")
