"""The dispatcher Lambda: composes the adapters once per process and answers SQS batches."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from runtime.aws import clients
from runtime.aws.lambda_adapters import connect_jobs, connect_telemetry
from runtime.aws.object_store import S3ObjectStore
from runtime.aws.queues import SqsQueue
from runtime.aws.tasks import EcsTaskLauncher
from runtime.core.clock import Sleeper, SystemClock
from runtime.core.contract import Compute
from runtime.core.lambda_run import LambdaContext, remaining, send_traces
from runtime.core.ports import TaskLauncher
from runtime.dispatcher.batch import failed_records
from runtime.dispatcher.claim import Claims
from runtime.dispatcher.dispatch import Dispatcher
from runtime.dispatcher.routing import QueueLauncher, Routes
from runtime.dispatcher.scan import ScanGate
from runtime.dispatcher.settings import DispatcherSettings, read_settings


def handle(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Dispatch one SQS batch; return the messages that must come back (partial batch response)."""
    dispatcher = _dispatcher()
    remaining_seconds = remaining(context)
    failed = failed_records(
        event.get("Records", []),
        work=dispatcher.work,
        resend=dispatcher.send_later,
        remaining_seconds=remaining_seconds,
        telemetry=dispatcher.telemetry,
    )
    send_traces(dispatcher.telemetry.tracing, remaining_seconds)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


@cache
def _dispatcher() -> Dispatcher:
    return compose(read_settings(os.environ))


def compose(settings: DispatcherSettings) -> Dispatcher:
    """Return a dispatcher on AWS adapters."""
    clock = SystemClock()
    objects = S3ObjectStore(clients.s3(settings.region))
    return Dispatcher(
        bucket=settings.media_bucket,
        objects=objects,
        scans=ScanGate(objects) if settings.malware_scan else None,
        claims=Claims(
            jobs=connect_jobs(settings),
            launcher=routes(settings, sleeper=clock),
            clock=clock,
            lease_seconds=settings.claim_lease_seconds,
        ),
        queue=SqsQueue(clients.sqs(settings.region), settings.jobs_queue_url),
        telemetry=connect_telemetry(settings, component="dispatcher", clock=clock),
    )


def routes(settings: DispatcherSettings, *, sleeper: Sleeper) -> Routes:
    """Return a launcher for each kind of compute that the settings provide."""
    launchers: dict[Compute, TaskLauncher] = {}
    if settings.tasks is not None:
        launchers[Compute.CPU] = EcsTaskLauncher(
            clients.ecs(settings.region), settings.tasks, sleeper=sleeper
        )
    for compute, url in settings.work_queue_urls.items():
        launchers[compute] = QueueLauncher(SqsQueue(clients.sqs(settings.region), url))
    return Routes(launchers)
