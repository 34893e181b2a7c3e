"""The media bucket, which notifies the jobs queue of uploads, and the queues of work.

Bucket and queue share a stack because each refers to the other: S3 checks that it may send to the
queue when the notification is set, and the queue admits this bucket only.
"""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct, IDependable

from cdk.config import EnvironmentConfig
from cdk.config.access import AccessConfig
from cdk.config.tables import QueueConfig
from cdk.config.workers import WorkersConfig
from cdk.constructs.data.bucket_access import limits
from cdk.constructs.data.job_queue import JobQueue
from cdk.constructs.data.malware_scan import malware_scan
from cdk.constructs.data.private_bucket import private_bucket
from cdk.constructs.environment_stack import EnvironmentStack
from cdk.constructs.observability.object_trail import object_trail
from cdk.naming import bucket_arn
from runtime.core.contract import (
    RESULTS_PREFIX,
    UPLOADS_PREFIX,
    WORK_PREFIX,
    Compute,
    EnvVar,
    Launch,
    Output,
)

WORK_QUEUE_OF = {Compute.CPU: EnvVar.WORK_QUEUE_URL, Compute.GPU: EnvVar.GPU_WORK_QUEUE_URL}
"""The variable that names the work queue of each kind of compute."""

_PREFLIGHT_SECONDS = 3600
"""How long a browser may cache the answer to a CORS preflight request."""


class IngestStack(EnvironmentStack):
    """`media` and `access_logs` (buckets), `jobs`, `work` and `gpu_work` (queues), `filled`.

    `work` and `gpu_work` hold jobs that wait for a worker; each is None without its workers. They
    are in this stack because senders and receivers are in later ones. `filled` has the work queues
    that receive new jobs, without those that are only drained. `s3_endpoints` are the ids of the
    network's own endpoints of S3.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        environment: EnvironmentConfig,
        key: kms.IKey | None,
        s3_endpoints: Sequence[str] = (),
    ) -> None:
        super().__init__(
            scope,
            "Ingest",
            environment=environment,
            description="Lifestream: media bucket, queues and their dead letters",
            key=key,
        )
        names, days = self.names, environment.storage
        self.jobs = self._create_queue("Jobs", names.jobs_queue, names.jobs_dlq, environment.queue)
        self.work: JobQueue | None = None
        if environment.workers is not None:
            self.work = self._create_queue(
                "Work", names.work_queue, names.work_dlq, environment.workers
            )
            self.output(
                Output.WORK_QUEUE_URL, self.work.queue.queue_url, "Jobs that wait for a worker"
            )
            self.output(
                Output.WORK_DLQ_URL,
                self.work.dead_letters.queue_url,
                "Jobs that workers received too often",
            )
        self.gpu_work: JobQueue | None = None
        if environment.gpu is not None:
            self.gpu_work = self._create_queue(
                "GpuWork", names.gpu_work_queue, names.gpu_work_dlq, environment.gpu
            )
        self.filled: dict[Compute, JobQueue] = {}
        if self.work is not None and environment.launch == Launch.POOL:
            self.filled[Compute.CPU] = self.work
        if self.gpu_work is not None and environment.gpu and not environment.gpu.standby:
            self.filled[Compute.GPU] = self.gpu_work
        self.access_logs = private_bucket(
            self,
            "AccessLogs",
            name=self.names.access_log_bucket,
            environment=environment,
            # S3 does not deliver access logs to a bucket with a customer managed key.
            key=None,
            expire={"": days.access_log_days},
        )
        self.media = private_bucket(
            self,
            "Media",
            name=self.names.media_bucket,
            environment=environment,
            key=key,
            access_logs=self.access_logs,
            expire={
                UPLOADS_PREFIX: days.upload_days,
                WORK_PREFIX: days.work_days,
                RESULTS_PREFIX: days.result_days,
            },
            infrequent=dict.fromkeys((UPLOADS_PREFIX, RESULTS_PREFIX), days.infrequent_access_days),
            cors=_from_browsers(environment.browser_origins),
        )
        if environment.access is not None:
            self._limit_access(environment.access, s3_endpoints)
        scanned = environment.uploads.malware_scan
        self._notify_on_upload(
            self.jobs.accept_from_bucket(bucket_arn(self.names.media_bucket)), event_bridge=scanned
        )
        if scanned:
            malware_scan(
                self,
                "Scan",
                media=self.media,
                media_name=self.names.media_bucket,
                results=self.jobs,
                key=key,
            )
        self.output(Output.MEDIA_BUCKET, self.media.bucket_name, "Upload below uploads/")
        if days.object_days is not None:
            self.output(Output.OBJECT_DAYS, str(days.object_days), "S3 expires recordings then")
        self.output(Output.JOBS_QUEUE_URL, self.jobs.queue.queue_url, "Uploads to process")
        self.output(
            Output.JOBS_DLQ_URL, self.jobs.dead_letters.queue_url, "Messages received too often"
        )

    def _limit_access(self, access: AccessConfig, s3_endpoints: Sequence[str]) -> None:
        for statement in limits(access, self.media.bucket_arn, s3_endpoints):
            self.media.add_to_resource_policy(statement)
        if access.data_events:
            object_trail(
                self,
                "Trail",
                name=self.names.trail,
                media_arn=self.media.bucket_arn,
                logs=self.access_logs,
            )

    def _create_queue(
        self, construct_id: str, name: str, dead_letters: str, settings: QueueConfig | WorkersConfig
    ) -> JobQueue:
        return JobQueue(
            self,
            construct_id,
            name=name,
            dead_letter_name=dead_letters,
            visibility_timeout=Duration.seconds(settings.visibility_timeout_seconds),
            max_receive_count=settings.max_receive_count,
            key=self.key,
        )

    def _notify_on_upload(self, permission: IDependable, *, event_bridge: bool) -> None:
        # CDK's own notification is a custom resource; CloudFormation has the property natively.
        bucket = self.media.node.default_child
        if not isinstance(bucket, s3.CfnBucket):
            raise TypeError("a bucket's default child is the CloudFormation bucket")
        bucket.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            queue_configurations=[
                s3.CfnBucket.QueueConfigurationProperty(
                    event="s3:ObjectCreated:*",
                    queue=self.jobs.queue.queue_arn,
                    filter=_below(UPLOADS_PREFIX),
                )
            ],
            # GuardDuty needs it and would set it itself; the next deployment would undo that.
            event_bridge_configuration=(
                s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
                if event_bridge
                else None
            ),
        )
        self.media.node.add_dependency(permission)


def _below(prefix: str) -> s3.CfnBucket.NotificationFilterProperty:
    """Return a filter without a suffix: a file of any name becomes a job or a failed job."""
    return s3.CfnBucket.NotificationFilterProperty(
        s3_key=s3.CfnBucket.S3KeyFilterProperty(
            rules=[s3.CfnBucket.FilterRuleProperty(name="prefix", value=prefix)]
        )
    )


def _from_browsers(origins: tuple[str, ...]) -> list[s3.CorsRule] | None:
    """Return the rules that let pages of these origins upload and read results, if any."""
    if not origins:
        return None
    methods = s3.HttpMethods
    return [
        s3.CorsRule(
            id="browsers",
            allowed_origins=list(origins),
            allowed_methods=[methods.GET, methods.HEAD, methods.POST, methods.PUT],
            allowed_headers=["content-type", "x-amz-*"],
            # To complete a multipart upload, a page sends the ETags of its parts.
            exposed_headers=["ETag"],
            max_age=_PREFLIGHT_SECONDS,
        )
    ]
