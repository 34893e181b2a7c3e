"""Alarms of a pool of workers: its queue, its tasks, its protection.

Service and queues are given by name, as in `queue_metrics`: an alarm must not keep CloudFormation
from removing what it watches.
"""

from dataclasses import replace
from math import ceil

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from cdk.config import EnvironmentConfig
from cdk.constructs.observability import queue_metrics
from cdk.constructs.observability.custom_metric import custom_metric
from cdk.constructs.observability.runbook_alarm import AlarmSpec, Severity
from cdk.naming import Names
from runtime.core.contract import Metric

_MINUTE = Duration.minutes(1)
_SHORT = Duration.minutes(5)
_QUARTER = Duration.minutes(15)
_HOUR = Duration.hours(1)

_REFUSALS = 3
"""In a quarter of an hour: a scale-in refuses a worker once, and the worker then ends."""

_FAILURES = 10
"""In a quarter of an hour: renewals are retried within seconds, and leases last minutes."""

_LATE = 3
"""Periods evaluated: metrics extracted from log lines may arrive after their period ends."""

_EVALUATED_MINUTES, _MISSING_MINUTES = 15, 12
"""Minutes evaluated, and how many of those with fewer tasks than wanted raise the alarm."""


def pool_alarms(environment: EnvironmentConfig, *, max_tasks: int) -> tuple[AlarmSpec, ...]:
    """Return the alarms of Fargate workers: their queue, their tasks, their protection."""
    names = Names(environment.name)
    return (
        *work_queue_alarms(
            names.work_queue, names.work_dlq, environment=environment, max_tasks=max_tasks
        ),
        missing_tasks_alarm(names.cluster, names.worker),
        *_protection(environment),
    )


def work_queue_alarms(
    queue_name: str, dead_letter_name: str, *, environment: EnvironmentConfig, max_tasks: int
) -> tuple[AlarmSpec, ...]:
    """Return the alarms of a work queue."""
    oldest = Duration.minutes(ceil(environment.alarms.oldest_message_seconds / 60))
    return (
        AlarmSpec(
            slug="work-dead-letters",
            summary="Workers could not begin some jobs; their messages wait for a person.",
            metric=queue_metrics.waiting(dead_letter_name, period=_MINUTE, statistic="Maximum"),
        ),
        AlarmSpec(
            slug="work-waiting",
            severity=Severity.PAGE,
            summary="Jobs have waited for a worker all the time.",
            metric=queue_metrics.waiting(queue_name, period=oldest, statistic="Minimum"),
        ),
        AlarmSpec(
            slug="pool-full",
            summary="For an hour all workers there may be were busy, and jobs waited.",
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


def missing_tasks_alarm(cluster_name: str, service_name: str) -> AlarmSpec:
    """Return the alarm for a service with fewer tasks than wanted."""
    return AlarmSpec(
        slug="workers-failing",
        severity=Severity.PAGE,
        summary="Workers that are wanted do not run: they fail to start, or end again and again.",
        metric=cloudwatch.MathExpression(
            expression="wanted - running",
            using_metrics={
                "wanted": queue_metrics.tasks("DesiredTaskCount", cluster_name, service_name),
                "running": queue_metrics.tasks("RunningTaskCount", cluster_name, service_name),
            },
            label="workers wanted and not there",
            period=_MINUTE,
        ),
        periods=_EVALUATED_MINUTES,
        datapoints=_MISSING_MINUTES,
    )


def gpu_alarms(environment: EnvironmentConfig) -> tuple[AlarmSpec, ...]:
    """Return the alarms of workers with a GPU, none without that target."""
    if environment.gpu is None:
        return ()
    names = Names(environment.name)
    specs = (
        *work_queue_alarms(
            names.gpu_work_queue,
            names.gpu_work_dlq,
            environment=environment,
            max_tasks=environment.gpu.max_tasks,
        ),
        missing_tasks_alarm(names.cluster, names.gpu_worker),
        *(() if environment.workers else _protection(environment)),
    )
    return tuple(replace(spec, prefix="gpu") for spec in specs)


def _protection(environment: EnvironmentConfig) -> tuple[AlarmSpec, ...]:
    return (
        AlarmSpec(
            slug="protection-refusals",
            summary="ECS refused to protect workers, more than once in a while.",
            metric=custom_metric(environment, Metric.PROTECTION_REFUSALS, _QUARTER),
            threshold=_REFUSALS,
        ),
        AlarmSpec(
            slug="protection-failures",
            summary="Workers could not reach ECS to protect themselves.",
            metric=custom_metric(environment, Metric.PROTECTION_FAILURES, _QUARTER),
            threshold=_FAILURES,
        ),
        AlarmSpec(
            slug="protection-leases-lost",
            summary="Workers lost their protection while at work; their jobs were put back.",
            metric=custom_metric(environment, Metric.PROTECTION_LEASES_LOST, _SHORT),
            periods=_LATE,
        ),
        AlarmSpec(
            slug="jobs-released",
            summary="Workers had to put jobs back before they were done.",
            metric=custom_metric(environment, Metric.WORKER_JOBS_RELEASED, _HOUR),
            threshold=environment.alarms.put_backs_an_hour,
        ),
    )
