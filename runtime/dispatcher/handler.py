"""The dispatcher Lambda: wires the adapters once per process and answers SQS batches."""

import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Protocol

from runtime.aws import clients
from runtime.aws.job_store import DynamoJobStore
from runtime.aws.object_store import S3ObjectStore
from runtime.aws.queues import SqsWorkQueue
from runtime.aws.tasks import EcsTaskLauncher, LaunchTarget
from runtime.aws.tracing import tracing_of
from runtime.core.clock import Sleeper, SystemClock
from runtime.core.contract import SERVICE_NAME, Compute
from runtime.core.log import JsonLog
from runtime.core.metrics import EmbeddedMetrics
from runtime.core.ports import TaskLauncher
from runtime.core.tracer import Tracing
from runtime.dispatcher.batch import failed_records
from runtime.dispatcher.claim import Claims
from runtime.dispatcher.dispatch import Dispatcher
from runtime.dispatcher.routing import QueueLauncher, Routes
from runtime.dispatcher.settings import Settings, read_settings

TRACE_RESERVE_SECONDS = 5.0
"""Time that must be left to send traces, which takes about two seconds at the most."""


class LambdaContext(Protocol):
    """What the handler uses of Lambda's context object."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda kills this run."""
        ...


def handle(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one SQS batch with the messages that must come back (a partial batch response)."""
    dispatcher = _dispatcher()
    remaining_seconds = remaining(context)
    failed = failed_records(
        event.get("Records", []),
        work=dispatcher.work,
        remaining_seconds=remaining_seconds,
        log=dispatcher.log,
        metrics=dispatcher.metrics,
    )
    send_traces(dispatcher.tracing, remaining_seconds)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def remaining(context: LambdaContext) -> Callable[[], float]:
    """Return what tells the seconds until Lambda kills this run."""
    return lambda: context.get_remaining_time_in_millis() / 1000


def send_traces(tracing: Tracing, remaining_seconds: Callable[[], float]) -> None:
    """Send what a run did, once for all of it, unless that could cost the run its answer.

    After it a function is frozen, so nothing can be left for later; what is not sent now goes with
    the next run's.
    """
    if remaining_seconds() > TRACE_RESERVE_SECONDS:
        tracing.flush()


@cache
def _dispatcher() -> Dispatcher:
    return compose(read_settings(os.environ))


def compose(settings: Settings) -> Dispatcher:
    """Return a dispatcher on real adapters."""
    clock = SystemClock()
    log = JsonLog(
        clock=clock,
        level=settings.log_level,
        service=f"{SERVICE_NAME}-dispatcher",
        environment=settings.environment,
    )
    return Dispatcher(
        bucket=settings.media_bucket,
        objects=S3ObjectStore(clients.s3(settings.region)),
        claims=Claims(
            jobs=DynamoJobStore(
                clients.dynamodb(settings.region),
                jobs_table=settings.jobs_table,
                idempotency_table=settings.idempotency_table,
            ),
            launcher=routes(settings, sleeper=clock),
            clock=clock,
            lease_seconds=settings.claim_lease_seconds,
        ),
        log=log,
        metrics=EmbeddedMetrics(clock=clock, environment=settings.environment),
        tracing=tracing_of(
            wanted=settings.tracing,
            region=settings.region,
            environment=settings.environment,
            clock=clock,
            log=log,
        ),
    )


def routes(settings: Settings, *, sleeper: Sleeper) -> Routes:
    """Return the ways to launch a job that the settings give; what is not needed is not made."""
    launchers: dict[Compute, TaskLauncher] = {}
    if settings.tasks is not None:
        target = LaunchTarget(
            cluster=settings.tasks.cluster,
            task_definition=settings.tasks.task_definition,
            capacity_providers=settings.tasks.capacity_providers,
            subnet_ids=settings.tasks.subnet_ids,
            security_group_ids=settings.tasks.security_group_ids,
        )
        launchers[Compute.CPU] = EcsTaskLauncher(
            clients.ecs(settings.region), target, sleeper=sleeper
        )
    queues = {Compute.CPU: settings.work_queue_url, Compute.GPU: settings.gpu_work_queue_url}
    for compute, url in queues.items():
        if url is not None:
            queue = SqsWorkQueue(clients.sqs(settings.region), url)
            launchers[compute] = QueueLauncher(queue)
    return Routes(launchers)
