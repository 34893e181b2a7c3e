"""The reaper Lambda: handles ECS's events of stopped tasks, and a schedule that sweeps."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from runtime.aws import clients
from runtime.aws.lambda_adapters import connect_jobs, connect_telemetry
from runtime.aws.queues import SqsQueue
from runtime.aws.tasks import EcsTasks
from runtime.core.clock import SystemClock
from runtime.core.contract import Compute
from runtime.core.lambda_run import LambdaContext, remaining, send_traces
from runtime.core.ports import CountedQueue
from runtime.reaper.diagnosis import stopped_task
from runtime.reaper.queue_metrics import log_queue_lengths
from runtime.reaper.reaper import Reaper
from runtime.reaper.remedies import Budget
from runtime.reaper.settings import ReaperSettings, read_reaper_settings

TASK_STATE_CHANGE = "ECS Task State Change"


def handle(event: Mapping[str, Any], context: LambdaContext) -> None:
    """Requeue or fail the job of a stopped task; any other event sweeps all jobs.

    Raises when a job could not be handled, so that the event is delivered again.
    """
    reaper = _reaper()
    remaining_seconds = remaining(context)
    try:
        if event.get("detail-type") != TASK_STATE_CHANGE:
            log_queue_lengths(_work_queues(), reaper.telemetry.log)
            reaper.sweep(remaining_seconds)
        elif (task := stopped_task(event["detail"])) is not None:
            reaper.task_stopped(task)
    finally:
        send_traces(reaper.telemetry.tracing, remaining_seconds)


@cache
def _reaper() -> Reaper:
    return compose(read_reaper_settings(os.environ))


@cache
def _work_queues() -> dict[Compute, CountedQueue]:
    settings = read_reaper_settings(os.environ)
    return {
        compute: SqsQueue(clients.sqs(settings.region), url)
        for compute, url in settings.work_queue_urls.items()
    }


def compose(settings: ReaperSettings) -> Reaper:
    """Return a reaper on AWS adapters."""
    clock = SystemClock()
    return Reaper(
        jobs=connect_jobs(settings),
        tasks=EcsTasks(clients.ecs(settings.region), settings.cluster),
        queue=SqsQueue(clients.sqs(settings.region), settings.jobs_queue_url),
        clock=clock,
        budget=Budget(
            max_runs=settings.max_attempts,
            job_timeout_seconds=settings.job_timeout_seconds,
            silence_seconds=settings.silence_seconds,
            unannounced_seconds=settings.unannounced_seconds,
            start_seconds=settings.start_seconds,
            queued_seconds=settings.queued_seconds,
        ),
        telemetry=connect_telemetry(settings, component="reaper", clock=clock),
    )
