"""What is watched of a pool of workers.

Service and queues are given by name, as in `work_metrics`: what watches them must not keep
CloudFormation from removing them.
"""

from dataclasses import replace
from math import ceil

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from cdk.config import EnvironmentConfig
from cdk.constructs.observability import queue_metrics
from cdk.constructs.observability.custom_metric import own_metric
from cdk.constructs.observability.runbook_alarm import Watch
from cdk.naming import Names
from runtime.core.contract import Metric

_MINUTE = Duration.minutes(1)
_SHORT = Duration.minutes(5)
_QUARTER = Duration.minutes(15)
_HOUR = Duration.hours(1)

_REFUSALS = 3
"""In a quarter of an hour: a scale-in refuses a worker once, which then goes."""

_FAILURES = 10
"""In a quarter of an hour: renewals are tried again within seconds, and leases last minutes."""

_LATE = 3
"""Periods looked back at: metrics made of log lines may arrive after their period is over."""

_LOOKED_AT, _MISSING = 15, 12
"""Minutes looked back at, and of those, minutes with fewer tasks than wanted."""


def pool_watches(environment: EnvironmentConfig, *, max_tasks: int) -> tuple[Watch, ...]:
    """Return what is watched of the workers: their queue, their tasks, their protection."""
    names = Names(environment.name)
    return (
        *queue_watches(
            names.work_queue, names.work_dlq, environment=environment, max_tasks=max_tasks
        ),
        tasks_watch(names.cluster, names.worker),
        *_protection(environment),
    )


def queue_watches(
    queue_name: str, dead_letter_name: str, *, environment: EnvironmentConfig, max_tasks: int
) -> tuple[Watch, ...]:
    """Return what is watched of a queue of work."""
    patience = Duration.minutes(ceil(environment.alarms.oldest_message_seconds / 60))
    return (
        Watch(
            page="work-dead-letters",
            says="Workers could not begin some jobs; their messages wait for a person.",
            metric=queue_metrics.waiting(dead_letter_name, period=_MINUTE, statistic="Maximum"),
        ),
        Watch(
            page="work-waiting",
            says="Jobs have waited for a worker all the time.",
            metric=queue_metrics.waiting(queue_name, period=patience, statistic="Minimum"),
        ),
        Watch(
            page="pool-full",
            says="For an hour all workers there may be were busy, and jobs waited.",
            metric=cloudwatch.MathExpression(
                expression=f"IF(in_work >= {max_tasks}, waiting, 0)",
                using_metrics={
                    "waiting": queue_metrics.waiting(queue_name, period=_HOUR, statistic="Minimum"),
                    "in_work": queue_metrics.in_work(queue_name, period=_HOUR, statistic="Minimum"),
                },
                label="jobs that wait for a full pool",
                period=_HOUR,
            ),
        ),
    )


def tasks_watch(cluster_name: str, service_name: str) -> Watch:
    """Return what is watched of a service's tasks."""
    return Watch(
        page="workers-failing",
        says="Workers that are wanted do not run: they fail to start, or end again and again.",
        metric=cloudwatch.MathExpression(
            expression="wanted - running",
            using_metrics={
                "wanted": queue_metrics.tasks("DesiredTaskCount", cluster_name, service_name),
                "running": queue_metrics.tasks("RunningTaskCount", cluster_name, service_name),
            },
            label="workers wanted and not there",
            period=_MINUTE,
        ),
        periods=_LOOKED_AT,
        datapoints=_MISSING,
    )


def gpu_watches(environment: EnvironmentConfig) -> tuple[Watch, ...]:
    """Return what is watched of workers with a GPU, if there is that target."""
    if environment.gpu is None:
        return ()
    names = Names(environment.name)
    watches = (
        *queue_watches(
            names.gpu_work_queue,
            names.gpu_work_dlq,
            environment=environment,
            max_tasks=environment.gpu.max_tasks,
        ),
        tasks_watch(names.cluster, names.gpu_worker),
        *(() if environment.workers else _protection(environment)),
    )
    return tuple(replace(watch, of="gpu") for watch in watches)


def _protection(environment: EnvironmentConfig) -> tuple[Watch, ...]:
    return (
        Watch(
            page="protection-refusals",
            says="ECS refused to protect workers, more than once in a while.",
            metric=own_metric(environment, Metric.PROTECTION_REFUSALS, _QUARTER),
            threshold=_REFUSALS,
        ),
        Watch(
            page="protection-failures",
            says="Workers could not reach ECS to protect themselves.",
            metric=own_metric(environment, Metric.PROTECTION_FAILURES, _QUARTER),
            threshold=_FAILURES,
        ),
        Watch(
            page="protection-leases-lost",
            says="Workers lost their protection while at work; their jobs were put back.",
            metric=own_metric(environment, Metric.PROTECTION_LEASES_LOST, _SHORT),
            periods=_LATE,
        ),
        Watch(
            page="jobs-released",
            says="Workers had to put jobs back before they were done.",
            metric=own_metric(environment, Metric.WORKER_JOBS_RELEASED, _HOUR),
            threshold=environment.alarms.put_backs_an_hour,
        ),
    )
