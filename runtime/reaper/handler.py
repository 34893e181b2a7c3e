"""The reaper Lambda: answers ECS's events of stopped tasks, and a schedule that sweeps."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from runtime.aws import clients
from runtime.aws.job_store import DynamoJobStore
from runtime.aws.queue import SqsJobsQueue
from runtime.aws.queues import SqsWorkQueue
from runtime.aws.tasks import EcsTasks
from runtime.aws.tracing import tracing_of
from runtime.core.clock import SystemClock
from runtime.core.contract import SERVICE_NAME, Compute
from runtime.core.log import JsonLog
from runtime.core.metrics import EmbeddedMetrics
from runtime.core.ports import CountedQueue
from runtime.dispatcher.handler import LambdaContext, remaining, send_traces
from runtime.dispatcher.settings import ReaperSettings, read_reaper_settings
from runtime.reaper.diagnosis import stopped_task
from runtime.reaper.queue_metrics import tell_lengths
from runtime.reaper.reaper import Reaper
from runtime.reaper.remedies import Budget

TASK_STATE_CHANGE = "ECS Task State Change"


def handle(event: Mapping[str, Any], context: LambdaContext) -> None:
    """Look after the job of a stopped task; any other event sweeps all jobs.

    Raises when a job could not be looked after, so that the event is delivered again.
    """
    reaper = _reaper()
    remaining_seconds = remaining(context)
    try:
        if event.get("detail-type") != TASK_STATE_CHANGE:
            tell_lengths(_work_queues(), reaper.log)
            reaper.sweep(remaining_seconds)
        elif (task := stopped_task(event["detail"])) is not None:
            reaper.task_stopped(task)
    finally:
        send_traces(reaper.tracing, remaining_seconds)


@cache
def _reaper() -> Reaper:
    return compose(read_reaper_settings(os.environ))


@cache
def _work_queues() -> dict[Compute, CountedQueue]:
    settings = read_reaper_settings(os.environ)
    return {
        compute: SqsWorkQueue(clients.sqs(settings.region), url)
        for compute, url in settings.work_queue_urls.items()
    }


def compose(settings: ReaperSettings) -> Reaper:
    """Return a reaper on real adapters."""
    clock = SystemClock()
    log = JsonLog(
        clock=clock,
        level=settings.log_level,
        service=f"{SERVICE_NAME}-reaper",
        environment=settings.environment,
    )
    return Reaper(
        jobs=DynamoJobStore(
            clients.dynamodb(settings.region),
            jobs_table=settings.jobs_table,
            idempotency_table=settings.idempotency_table,
        ),
        tasks=EcsTasks(clients.ecs(settings.region), settings.cluster),
        queue=SqsJobsQueue(clients.sqs(settings.region), settings.jobs_queue_url),
        clock=clock,
        budget=Budget(
            max_runs=settings.max_attempts,
            job_timeout_seconds=settings.job_timeout_seconds,
            silence_seconds=settings.silence_seconds,
            unannounced_seconds=settings.unannounced_seconds,
            start_seconds=settings.start_seconds,
            queued_seconds=settings.queued_seconds,
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
