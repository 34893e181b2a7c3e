"""The tables of an environment file, a class each: settings, their rules, what they are."""

from dataclasses import dataclass

from cdk.config import rules
from cdk.config.settings import setting
from runtime.core.contract import SceneModel

_LOG_LEVEL = rules.one_of("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """The VPC, our own or one that is there. Tasks have no public address in either.

    Without NAT gateways the tasks reach AWS through endpoints alone. In a VPC that is there
    nothing is made but a security group: its ways to AWS are its owners' affair.
    """

    cidr: str = setting(rules.private_network(), "the VPC's addresses")
    zones: int = setting(rules.whole_number(2, 3), "availability zones, a task subnet in each")
    nat_gateways: int = setting(
        rules.whole_number(0, 3), "ways out to the internet; each costs by the hour"
    )
    interface_endpoints: bool = setting(
        rules.true_or_false(), "private ways to AWS's own services; each costs by hour and zone"
    )
    bedrock_endpoint: bool = setting(
        rules.true_or_false(), "one of them for Bedrock, where summaries come from a model there"
    )
    s3_prefix_list: str | None = setting(
        rules.PREFIX_LIST,
        "the region's list of S3's addresses: with DynamoDB's, all that tasks may reach besides"
        " the endpoints",
        optional=True,
    )
    dynamodb_prefix_list: str | None = setting(
        rules.PREFIX_LIST, "the region's list of DynamoDB's addresses", optional=True
    )
    vpc_id: str | None = setting(
        rules.VPC,
        "a VPC that is there already, to be used instead of one of our own",
        optional=True,
    )
    task_subnet_ids: tuple[str, ...] | None = setting(
        rules.list_of(rules.SUBNET, least=2, most=3), "its subnets for tasks", optional=True
    )
    task_subnet_zones: tuple[str, ...] | None = setting(
        rules.list_of(rules.ZONE, least=2, most=3),
        "the zones of these subnets, in their order",
        optional=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionConfig:
    """What is kept is always encrypted; the question is by whose key."""

    customer_key: bool = setting(
        rules.true_or_false(),
        "a KMS key of the environment's own, rotated every year, for buckets, tables, queues,"
        " logs, the topic of alarms and secrets; else AWS's own keys",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadsConfig:
    """Who may send videos straight from a browser."""

    allowed_origins: tuple[str, ...] = setting(
        rules.list_of(rules.ORIGIN, most=20),
        "web pages from which browsers may upload and read results; none without an entry",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupConfig:
    """Copies of tables and media by AWS Backup. Without the table [backup] there are none."""

    keep_days: int = setting(
        rules.whole_number(7, 3650), "how long a day's copy is kept before it is deleted"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageConfig:
    """How long things are kept, in days."""

    upload_days: int | None = setting(
        rules.whole_number(1, 3650, "or left out"),
        "uploaded videos; left out, they stay until somebody deletes them",
        optional=True,
    )
    work_days: int = setting(rules.whole_number(1, 365), "checkpoints of jobs")
    result_days: int | None = setting(
        rules.whole_number(1, 3650, "or left out"),
        "results of jobs; left out, they stay until somebody deletes them",
        optional=True,
    )
    old_version_days: int = setting(
        rules.whole_number(1, 3650), "overwritten and deleted objects, before they go for good"
    )
    access_log_days: int = setting(rules.whole_number(1, 3650), "S3 access logs")
    log_retention_days: int = setting(
        rules.one_of(*rules.LOG_RETENTION_DAYS, why="what CloudWatch Logs accepts"),
        "log groups, flow logs among them",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueConfig:
    """The jobs queue."""

    visibility_timeout_seconds: int = setting(
        rules.whole_number(6, 43200, "SQS allows 12 hours"),
        "how long a message that a dispatcher failed on stays hidden",
    )
    max_receive_count: int = setting(
        rules.whole_number(5, 1000, "throttled Lambda invocations count as receives"),
        "how often a message is handed out before it is a dead letter",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatcherConfig:
    """The Lambda function that turns messages into tasks."""

    timeout_seconds: int = setting(
        rules.whole_number(
            15, 900, "a message is not begun with less than 8 s left; Lambda allows 15 minutes"
        ),
        "the longest that one batch may take",
    )
    memory_mib: int = setting(
        rules.whole_number(128, 10240, "Lambda's bounds"), "memory, and with it processor time"
    )
    max_concurrency: int = setting(
        rules.whole_number(2, 1000, "SQS event sources allow these"), "dispatchers at a time"
    )
    claim_lease_seconds: int = setting(
        rules.whole_number(10, 43200), "how long a job is one dispatcher's before another may claim"
    )
    log_level: str = setting(_LOG_LEVEL, "the least severe line that is logged")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaperConfig:
    """The Lambda function that looks after jobs whose task died, hung or never started."""

    sweep_minutes: int = setting(
        rules.whole_number(1, 10, "the doctor calls a job stuck after half an hour"),
        "time between two looks at every running job",
    )
    timeout_seconds: int = setting(
        rules.whole_number(60, 900, "Lambda allows 15 minutes"), "the longest that a look may take"
    )
    memory_mib: int = setting(
        rules.whole_number(128, 10240, "Lambda's bounds"), "memory, and with it processor time"
    )
    reserved_concurrency: int | None = setting(
        rules.whole_number(2, 100, "or left out: an account must keep 100 unreserved"),
        "so many runs are always free for it, and no more; left out, it shares the account's",
        optional=True,
    )
    max_attempts: int = setting(
        rules.whole_number(1, 10), "runs of a job that may reach a processor before it has failed"
    )
    silence_seconds: int = setting(
        rules.whole_number(300, 1200, "the doctor calls a job stuck after half an hour"),
        "how long a processor, whose heart beats every half minute, may be silent",
    )
    log_level: str = setting(_LOG_LEVEL, "the least severe line that is logged")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorConfig:
    """The task that processes one video."""

    cpu: int = setting(
        rules.one_of(*rules.FARGATE_MEMORY_MIB, why="Fargate's sizes"), "1024 for each vCPU"
    )
    memory_mib: int = setting(rules.whole_number(512, 122880, "Fargate's bounds"), "memory")
    ephemeral_storage_gib: int = setting(
        rules.whole_number(21, 200, "Fargate's bounds"), "the disk, for the video and its parts"
    )
    architecture: str = setting(
        rules.one_of("X86_64", "ARM64"), "what the image was built for; ARM64 costs a fifth less"
    )
    stop_timeout_seconds: int = setting(
        rules.whole_number(2, 120, "Fargate kills a container after 120 s at the latest"),
        "time between being told to stop and being killed",
    )
    job_timeout_seconds: int = setting(
        rules.whole_number(60, 86400), "the longest that one attempt at a job may take"
    )
    capacity_providers: tuple[str, ...] = setting(
        rules.list_of(rules.one_of("FARGATE_SPOT", "FARGATE"), most=2, least=1),
        "asked in turn for a task's place",
    )
    image_tag: str = setting(
        rules.IMAGE_TAG, "the image in the environment's repository, or `asset`"
    )
    asr_model: str = setting(rules.MODEL, "the speech recognition model in the image")
    scene_model: str = setting(
        rules.one_of(*(model.value for model in SceneModel)),
        "what finds scenes; transnetv2 finds dissolves too, is slow and must be in the image",
    )
    log_level: str = setting(_LOG_LEVEL, "the least severe line that is logged")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservabilityConfig:
    """What can be seen of a job besides its record, its lines and the metrics."""

    tracing: bool = setting(
        rules.true_or_false(),
        "what is done for a job, from its upload to its results, is sent to X-Ray as one trace",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmsConfig:
    """Whom alarms tell, and what counts as too much."""

    emails: tuple[str, ...] = setting(
        rules.list_of(rules.EMAIL, most=20), "whom alarms tell; each must confirm a first mail"
    )
    oldest_message_seconds: int = setting(
        rules.whole_number(60, 86400), "a message that waits longer rings"
    )
    put_backs_an_hour: int = setting(
        rules.whole_number(1, 10000), "so many jobs that had to be run again in an hour ring"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetConfig:
    """What an environment may cost. Without the table [budget] nobody is told."""

    monthly_usd: int = setting(
        rules.whole_number(1, 1_000_000),
        "US dollars a month; alarms' topic hears of 80% spent, and of more than all foreseen",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatConfig:
    """A Slack channel that hears what alarms say. Without the table [chat] there is none."""

    slack_workspace: str = setting(
        rules.text(r"T[A-Z0-9]{6,14}", "a workspace's id such as T01234567"),
        "the workspace, authorized once in the console of Amazon Q Developer in chat applications",
    )
    slack_channel: str = setting(
        rules.text(r"[CG][A-Z0-9]{6,14}", "a channel's id such as C01234567"), "the channel"
    )
