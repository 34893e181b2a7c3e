"""What keeps jobs moving: the reaper, told by ECS of stopped tasks and by a schedule to sweep.

Lambda runs it again twice when it fails. Events that fail for good are kept to be seen, but what
they would have done is done by the next sweep.
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
from cdk.constructs.compute.python_lambda import REAPER_PACKAGES, PythonLambda
from cdk.constructs.data.private_queue import private_queue
from cdk.constructs.environment_stack import EnvironmentStack
from cdk.constructs.observability.tracing import tracing_permissions, tracing_variable
from cdk.stacks.ingest import WORK_QUEUE_OF, IngestStack
from cdk.stacks.storage import StorageStack
from runtime.core.contract import REAPER_HANDLER, EnvVar, Output

_RETRIES = 2
_EVENT_AGE = Duration.hours(1)
"""An older event tells nothing that a sweep has not found out, and ECS forgets the task too."""


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
        self._wake_when_a_task_stops(cluster)
        self._wake_every(Duration.minutes(environment.reaper.sweep_minutes))
        self.output(Output.REAPER_FUNCTION, self.reaper.function.function_name, "Reaper")

    def _create_reaper(
        self,
        environment: EnvironmentConfig,
        storage: StorageStack,
        ingest: IngestStack,
        cluster: ecs.ICluster,
    ) -> PythonLambda:
        settings = environment.reaper
        reaper = PythonLambda(
            self,
            "Reaper",
            environment=environment,
            name=self.names.reaper,
            log_group_name=self.names.reaper_log_group,
            handler=REAPER_HANDLER,
            packages=REAPER_PACKAGES,
            description="Puts back or fails jobs whose task died, hung or never started",
            timeout=Duration.seconds(settings.timeout_seconds),
            memory_mib=settings.memory_mib,
            key=self.key,
            reserved_concurrency=settings.reserved_concurrency,
            variables={
                EnvVar.ENVIRONMENT.value: environment.name,
                EnvVar.LOG_LEVEL.value: settings.log_level,
                EnvVar.TRACING.value: tracing_variable(environment),
                EnvVar.JOBS_TABLE.value: storage.jobs_table.table_name,
                EnvVar.IDEMPOTENCY_TABLE.value: storage.idempotency_table.table_name,
                EnvVar.ECS_CLUSTER_NAME.value: cluster.cluster_name,
                EnvVar.JOBS_QUEUE_URL.value: ingest.jobs.queue.queue_url,
                EnvVar.MAX_ATTEMPTS.value: str(settings.max_attempts),
                EnvVar.JOB_TIMEOUT_SECONDS.value: str(environment.processor.job_timeout_seconds),
                EnvVar.HEARTBEAT_SILENCE_SECONDS.value: str(settings.silence_seconds),
            },
        )
        reaper.allow(
            permissions.keep_jobs(storage.jobs_table),
            permissions.list_jobs(storage.jobs_table),
            permissions.find_tasks(cluster),
            permissions.stop_tasks(cluster),
            permissions.send_messages(ingest.jobs.queue),
            permissions.send_messages(self.dead_letters),
            *tracing_permissions(environment),
            *permissions.read_encrypted(self.key, "dynamodb"),
            *permissions.write_encrypted(self.key, "sqs"),
        )
        for compute, work in ingest.filled.items():
            # Asked for its length by each sweep, a queue goes on being counted.
            reaper.function.add_environment(WORK_QUEUE_OF[compute].value, work.queue.queue_url)
            reaper.allow(permissions.count_messages(work.queue))
        lambda_.EventInvokeConfig(
            self,
            "ReaperEvents",
            function=reaper.function,
            retry_attempts=_RETRIES,
            max_event_age=_EVENT_AGE,
            on_failure=destinations.SqsDestination(self.dead_letters),
        )
        return reaper

    def _wake_when_a_task_stops(self, cluster: ecs.ICluster) -> None:
        events.Rule(
            self,
            "TaskStopped",
            description="A task of the cluster has stopped: look after its job",
            event_pattern=events.EventPattern(
                source=["aws.ecs"],
                detail_type=["ECS Task State Change"],
                detail={"clusterArn": [cluster.cluster_arn], "lastStatus": ["STOPPED"]},
            ),
            targets=[self._target()],
        )

    def _wake_every(self, interval: Duration) -> None:
        events.Rule(
            self,
            "Sweep",
            description="Look after every job that got stuck",
            schedule=events.Schedule.rate(interval),
            targets=[self._target()],
        )

    def _target(self) -> targets.LambdaFunction:
        return targets.LambdaFunction(
            self.reaper.function,
            dead_letter_queue=self.dead_letters,
            max_event_age=_EVENT_AGE,
            retry_attempts=_RETRIES,
        )
