"""The reaper Lambda: handles ECS's events of stopped tasks, and a schedule that sweeps."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from runtime.aws import clients
from runtime.aws.erasures import DynamoErasures
from runtime.aws.lambda_adapters import connect_jobs, connect_telemetry
from runtime.aws.object_store import S3ObjectStore
from runtime.aws.object_versions import S3ObjectVersions
from runtime.aws.queues import SqsQueue
from runtime.aws.service_records import DynamoRecords
from runtime.aws.tasks import EcsTasks
from runtime.core.clock import SystemClock
from runtime.core.contract import ERASE_EVENT, RECONCILE_EVENT
from runtime.core.lambda_run import LambdaContext, remaining, send_traces
from runtime.reaper.diagnosis import stopped_task
from runtime.reaper.eraser import Eraser
from runtime.reaper.queue_metrics import log_queue_lengths
from runtime.reaper.reaper import Reaper
from runtime.reaper.reconciler import Reconciler
from runtime.reaper.retention import Retention
from runtime.reaper.service_traces import ServiceTraces
from runtime.reaper.settings import ReaperSettings, read_reaper_settings


def handle(event: Mapping[str, Any], context: LambdaContext) -> None:
    """Requeue or fail the job of a stopped task, reconcile, or erase; other events sweep all jobs.

    Raises when a job could not be handled, so that the event is delivered again.
    """
    reaper = _reaper()
    remaining_seconds = remaining(context)
    try:
        match event.get("detail-type"):
            case "ECS Task State Change":
                if (task := stopped_task(event["detail"])) is not None:
                    reaper.task_stopped(task)
            case str(kind) if kind == RECONCILE_EVENT:
                _reconciler().run(remaining_seconds)
                _retention().run(remaining_seconds)
            case str(kind) if kind == ERASE_EVENT:
                _eraser().run(remaining_seconds)
            case _:
                log_queue_lengths(reaper.work_queues, reaper.telemetry.log)
                try:
                    reaper.sweep(remaining_seconds)
                finally:
                    # A job that cannot be swept must not delay an erasure.
                    _eraser().run(remaining_seconds)
    finally:
        send_traces(reaper.telemetry.tracing, remaining_seconds)


@cache
def _reaper() -> Reaper:
    return compose(read_reaper_settings(os.environ))


@cache
def _reconciler() -> Reconciler:
    settings = read_reaper_settings(os.environ)
    reaper = _reaper()
    return Reconciler(
        bucket=settings.media_bucket,
        uploads=S3ObjectStore(clients.s3(settings.region)),
        jobs=reaper.jobs,
        queue=reaper.queue,
        clock=reaper.clock,
        telemetry=reaper.telemetry,
        lost_event_seconds=settings.lost_event_seconds,
    )


@cache
def _retention() -> Retention:
    reaper = _reaper()
    return Retention(jobs=reaper.jobs, clock=reaper.clock, telemetry=reaper.telemetry)


@cache
def _eraser() -> Eraser:
    return compose_eraser(read_reaper_settings(os.environ), _reaper())


def compose_eraser(settings: ReaperSettings, reaper: Reaper) -> Eraser:
    """Return an eraser on AWS adapters, which shares the reaper's."""
    dynamodb = clients.dynamodb(settings.region)

    def table(name: str | None) -> DynamoRecords | None:
        return None if name is None else DynamoRecords(dynamodb, table=name, clock=reaper.clock)

    uploads, webhooks = table(settings.uploads_table), table(settings.webhooks_table)
    sqs = clients.sqs(settings.region)
    return Eraser(
        jobs=reaper.jobs,
        objects=S3ObjectVersions(clients.s3(settings.region)),
        erasures=DynamoErasures(
            dynamodb,
            jobs_table=settings.jobs_table,
            idempotency_table=settings.idempotency_table,
        ),
        tasks=reaper.tasks,
        dead_letters=[SqsQueue(sqs, settings.jobs_dlq_url)] if settings.jobs_dlq_url else [],
        service=(
            None
            if uploads is None or webhooks is None
            else ServiceTraces(
                uploads=uploads, webhooks=webhooks, reads=table(settings.reads_table)
            )
        ),
        kept=settings.kept,
        clock=reaper.clock,
        telemetry=reaper.telemetry,
    )


def compose(settings: ReaperSettings) -> Reaper:
    """Return a reaper on AWS adapters."""
    clock = SystemClock()
    sqs = clients.sqs(settings.region)
    return Reaper(
        jobs=connect_jobs(settings),
        tasks=EcsTasks(clients.ecs(settings.region), settings.cluster),
        queue=SqsQueue(sqs, settings.jobs_queue_url),
        work_queues={
            compute: SqsQueue(sqs, url) for compute, url in settings.work_queue_urls.items()
        },
        clock=clock,
        budget=settings.budget,
        telemetry=connect_telemetry(settings, component="reaper", clock=clock),
    )
