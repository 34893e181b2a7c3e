"""Alarms of the pools of workers: their queues, their tasks, their protection."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from aws_cdk import Duration

from cdk.config import EnvironmentConfig
from cdk.constructs.observability.metrics import (
    HOUR,
    MINUTE,
    QUARTER,
    SHORT,
    custom_metric,
    expression,
    in_work,
    tasks,
    waiting,
)
from cdk.constructs.observability.runbook_alarm import LATE, AlarmSpec
from cdk.naming import Names
from runtime.core.contract import Metric

_REFUSALS = 3
"""In a quarter of an hour: a scale-in refuses a worker once, and the worker then ends."""

_FAILURES = 10
"""In a quarter of an hour: renewals are retried within seconds, and leases last minutes."""

_EVALUATED_MINUTES, _MISSING_MINUTES = 15, 12
"""Minutes evaluated, and how many of those with fewer tasks than wanted raise the alarm."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Workers of one kind: the prefix of their alarms, their queues, service and most tasks."""

    prefix: str
    queue: str
    dead_letters: str
    service: str
    max_tasks: int


def pools(environment: EnvironmentConfig) -> list[Pool]:
    """Return the pools of an environment: Fargate's and that with a GPU, each if it is there."""
    names, fargate, gpu = Names(environment.name), environment.workers, environment.gpu
    found = []
    if fargate:
        queues = (names.work_queue, names.work_dlq)
        found.append(Pool("", *queues, names.worker, fargate.max_tasks))
    if gpu:
        queues = (names.gpu_work_queue, names.gpu_work_dlq)
        found.append(Pool("gpu", *queues, names.gpu_worker, gpu.max_tasks))
    return found


def pool_alarms(environment: EnvironmentConfig) -> Iterator[AlarmSpec]:
    """Yield the alarms of each pool, and once those of protection, which all pools count."""
    cluster = Names(environment.name).cluster
    for number, pool in enumerate(pools(environment)):
        yield from _queue_alarms(pool, environment)
        yield missing_tasks("workers-failing", cluster, pool.service, prefix=pool.prefix)
        if number == 0:
            yield from _protection(environment, pool.prefix)


def _queue_alarms(pool: Pool, environment: EnvironmentConfig) -> Iterator[AlarmSpec]:
    oldest = Duration.minutes(ceil(environment.alarms.oldest_message_seconds / 60))
    full = expression(
        f"IF(in_work >= {pool.max_tasks}, waiting, 0)",
        "jobs that wait for a full pool",
        HOUR,
        waiting=waiting(pool.queue, HOUR, "Minimum"),
        in_work=in_work(pool.queue, HOUR, "Minimum"),
    )
    yield AlarmSpec("work-dead-letters", waiting(pool.dead_letters, MINUTE), prefix=pool.prefix)
    yield AlarmSpec("work-waiting", waiting(pool.queue, oldest, "Minimum"), prefix=pool.prefix)
    yield AlarmSpec("pool-full", full, prefix=pool.prefix)


def missing_tasks(slug: str, cluster: str, service: str, *, prefix: str) -> AlarmSpec:
    """Return the alarm for a service with fewer tasks than wanted."""
    missing = expression(
        "wanted - running",
        "workers wanted and not there",
        MINUTE,
        wanted=tasks("DesiredTaskCount", cluster, service),
        running=tasks("RunningTaskCount", cluster, service),
    )
    periods, datapoints = _EVALUATED_MINUTES, _MISSING_MINUTES
    return AlarmSpec(slug, missing, periods=periods, datapoints=datapoints, prefix=prefix)


def _protection(environment: EnvironmentConfig, prefix: str) -> Iterator[AlarmSpec]:
    for slug, metric, period, threshold, periods in (
        ("protection-refusals", Metric.PROTECTION_REFUSALS, QUARTER, _REFUSALS, 1),
        ("protection-failures", Metric.PROTECTION_FAILURES, QUARTER, _FAILURES, 1),
        ("protection-leases-lost", Metric.PROTECTION_LEASES_LOST, SHORT, 1, LATE),
        (
            *("jobs-released", Metric.WORKER_JOBS_RELEASED, HOUR),
            *(environment.alarms.put_backs_an_hour, 1),
        ),
    ):
        found = custom_metric(environment, metric, period)
        yield AlarmSpec(slug, found, threshold, periods=periods, prefix=prefix)
