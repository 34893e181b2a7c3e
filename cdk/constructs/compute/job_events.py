"""The function that announces every change of a job: on the event bus and to webhooks.

It reads the stream of the jobs table, so no change is lost between a record and its announcement.
"""

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.tables import LogLevel
from cdk.constructs import permissions
from cdk.constructs.compute.python_lambda import EVENTS_PACKAGES, JobFunction
from cdk.constructs.data.private_queue import private_queue
from cdk.constructs.observability.tracing import tracing_permissions
from cdk.naming import Names
from runtime.core.contract import EVENTS_HANDLER, EnvVar

_RECORDS_AT_ONCE = 100
_RETRIES = 10
_OLDEST = Duration.hours(12)
"""A stream keeps records for a day; older news would arrive after what it announces is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsSettings:
    """Size of the function: it copies small records."""

    log_level: LogLevel
    timeout_seconds: int = 30
    memory_mib: int = 256


class JobEvents(Construct):
    """`function` and `dead_letters` (batches that it failed on for good)."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentConfig,
        log_level: LogLevel,
        cluster: ecs.ICluster,
        jobs_table: dynamodb.ITable,
        idempotency_table: dynamodb.ITable,
        bus: events.IEventBus,
        webhooks: sqs.IQueue,
        key: kms.IKey | None,
    ) -> None:
        super().__init__(scope, construct_id)
        names = Names(environment.name)
        self.dead_letters = private_queue(self, "DeadLetters", name=names.events_dlq, key=key)
        self.function = JobFunction(
            self,
            "Function",
            environment=environment,
            settings=EventsSettings(log_level=log_level),
            name=names.events,
            handler=EVENTS_HANDLER,
            packages=EVENTS_PACKAGES,
            description="Announces changes of jobs on the event bus and to webhooks",
            cluster=cluster,
            jobs_table=jobs_table,
            idempotency_table=idempotency_table,
            key=key,
            variables={
                EnvVar.EVENT_BUS_NAME: bus.event_bus_name,
                EnvVar.WEBHOOK_QUEUE_URL: webhooks.queue_url,
            },
        )
        self.function.allow(
            *permissions.read_changes(jobs_table),
            permissions.put_events(bus),
            permissions.send_messages(webhooks),
            permissions.send_messages(self.dead_letters),
            *tracing_permissions(environment),
            *permissions.read_encrypted(key, "dynamodb"),
            *permissions.write_encrypted(key, "sqs"),
        )
        self.function.function.add_event_source(
            event_sources.DynamoEventSource(
                jobs_table,
                starting_position=lambda_.StartingPosition.LATEST,
                batch_size=_RECORDS_AT_ONCE,
                bisect_batch_on_error=True,
                report_batch_item_failures=True,
                retry_attempts=_RETRIES,
                max_record_age=_OLDEST,
                on_failure=event_sources.SqsDlq(self.dead_letters),
            )
        )
