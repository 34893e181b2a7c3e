"""The reaper, invoked by ECS events of stopped tasks and by a schedule to sweep.

Lambda retries it twice when it fails. Events that fail for good go to a dead-letter queue for
people to see; the next sweep does what they would have done.
"""

from aws_cdk import Duration
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.constructs import permissions
from cdk.constructs.compute.python_lambda import REAPER_PACKAGES, JobFunction
from cdk.constructs.data.kept_copies import kept_copies
from cdk.constructs.data.private_queue import private_queue
from cdk.constructs.environment_stack import EnvironmentStack
from cdk.constructs.observability.tracing import tracing_permissions
from cdk.naming import bucket_arn
from cdk.stacks.ingest import WORK_QUEUE_OF, IngestStack
from cdk.stacks.storage import StorageStack
from runtime.core.contract import (
    REAPER_HANDLER,
    RECONCILE_EVENT,
    UPLOADS_PREFIX,
    EnvVar,
    Output,
)

_RETRIES = 2
_RECONCILE = {"detail-type": RECONCILE_EVENT}
_EVENT_AGE = Duration.hours(1)
"""A sweep has found out by then what an older event says, and ECS no longer lists the task."""


class ControlPlaneStack(EnvironmentStack):
    """`reaper` (the function) and `dead_letters` (events that it failed on for good)."""

    def __init__(
        self,
        scope: Construct,
        *,
        environment: EnvironmentConfig,
        key: kms.IKey | None,
        storage: StorageStack,
        ingest: IngestStack,
        cluster: ecs.ICluster,
    ) -> None:
        super().__init__(
            scope,
            "ControlPlane",
            environment=environment,
            description="Lifestream: reaper of jobs that died, hung or never started",
            key=key,
        )
        self.dead_letters = private_queue(self, "DeadLetters", name=self.names.reaper_dlq, key=key)
        self.reaper = self._create_reaper(environment, storage, ingest, cluster)
        self._invoke(
            "TaskStopped",
            "A task of the cluster has stopped: look after its job",
            on=events.EventPattern(
                source=["aws.ecs"],
                detail_type=["ECS Task State Change"],
                detail={"clusterArn": [cluster.cluster_arn], "lastStatus": ["STOPPED"]},
            ),
        )
        self._invoke(
            "Sweep",
            "Look after every job that got stuck",
            every=Duration.minutes(environment.reaper.sweep_minutes),
        )
        self._invoke(
            "Reconcile",
            "Announce every upload that has no job",
            every=Duration.hours(1),
            event=events.RuleTargetInput.from_object(_RECONCILE),
        )
        self.output(Output.REAPER_FUNCTION, self.reaper.function.function_name, "Reaper")

    def _create_reaper(
        self,
        environment: EnvironmentConfig,
        storage: StorageStack,
        ingest: IngestStack,
        cluster: ecs.ICluster,
    ) -> JobFunction:
        settings = environment.reaper
        reaper = JobFunction(
            self,
            "Reaper",
            environment=environment,
            settings=settings,
            name=self.names.reaper,
            handler=REAPER_HANDLER,
            packages=REAPER_PACKAGES,
            description="Puts back or fails jobs whose task died, hung or never started",
            cluster=cluster,
            jobs_table=storage.jobs_table,
            idempotency_table=storage.idempotency_table,
            key=self.key,
            reserved_concurrency=settings.reserved_concurrency,
            variables={
                EnvVar.MEDIA_BUCKET: ingest.media.bucket_name,
                EnvVar.JOBS_QUEUE_URL: ingest.jobs.queue.queue_url,
                EnvVar.MAX_ATTEMPTS: str(settings.max_attempts),
                EnvVar.JOB_TIMEOUT_SECONDS: str(environment.processor.job_timeout_seconds),
                EnvVar.HEARTBEAT_SILENCE_SECONDS: str(settings.silence_seconds),
                EnvVar.MAX_WAIT_SECONDS: str(3600 * settings.max_wait_hours),
                EnvVar.JOBS_DLQ_URL: ingest.jobs.dead_letters.queue_url,
                EnvVar.KEPT_COPIES: kept_copies(environment),
            },
        )
        reaper.allow(
            permissions.read_and_write_jobs(storage.jobs_table),
            permissions.list_jobs(storage.jobs_table),
            # A job whose results are published succeeds, although its last attempt has died.
            permissions.write_idempotency_records(storage.idempotency_table),
            permissions.list_objects(bucket_arn(self.names.media_bucket), UPLOADS_PREFIX),
            permissions.find_tasks(cluster),
            permissions.stop_tasks(cluster),
            permissions.send_messages(ingest.jobs.queue),
            permissions.send_messages(self.dead_letters),
            *tracing_permissions(environment),
            *permissions.read_encrypted(self.key, "dynamodb"),
            *permissions.write_encrypted(self.key, "sqs"),
        )
        self._let_erase(reaper, storage, ingest)
        for compute, work in ingest.filled.items():
            # Each sweep reads the queue's length, which also keeps its metrics active, and sends
            # lost messages again.
            reaper.add_variables({WORK_QUEUE_OF[compute]: work.queue.queue_url})
            reaper.allow(
                permissions.count_messages(work.queue), permissions.send_messages(work.queue)
            )
        lambda_.EventInvokeConfig(
            self,
            "ReaperEvents",
            function=reaper.function,
            retry_attempts=_RETRIES,
            max_event_age=_EVENT_AGE,
            on_failure=destinations.SqsDestination(self.dead_letters),
        )
        return reaper

    def _let_erase(self, reaper: JobFunction, storage: StorageStack, ingest: IngestStack) -> None:
        """Let the reaper alone remove all of a job."""
        reaper.allow(
            *permissions.erase_objects(bucket_arn(self.names.media_bucket)),
            *permissions.erase_records(storage.jobs_table, storage.idempotency_table),
            permissions.consume_messages(ingest.jobs.dead_letters),
            permissions.count_messages(ingest.jobs.dead_letters),
        )
        if storage.service is None:
            return
        tables = {
            EnvVar.UPLOADS_TABLE: storage.service.uploads,
            EnvVar.WEBHOOKS_TABLE: storage.service.webhooks,
            EnvVar.READS_TABLE: storage.service.reads,
        }
        reaper.add_variables({name: table.table_name for name, table in tables.items()})
        reaper.allow(permissions.erase_traces(*tables.values()))

    def _invoke(
        self,
        construct_id: str,
        description: str,
        *,
        on: events.EventPattern | None = None,
        every: Duration | None = None,
        event: events.RuleTargetInput | None = None,
    ) -> None:
        """Invoke the reaper on events or every so often, with what happened or with `event`."""
        target = targets.LambdaFunction(
            self.reaper.function,
            event=event,
            dead_letter_queue=self.dead_letters,
            max_event_age=_EVENT_AGE,
            retry_attempts=_RETRIES,
        )
        events.Rule(
            self,
            construct_id,
            description=description,
            event_pattern=on,
            schedule=events.Schedule.rate(every) if every else None,
            targets=[target],
        )
