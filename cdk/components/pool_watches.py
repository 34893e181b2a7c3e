"""What is watched of a pool of workers, and where it is shown.

Service and queues are given by name, as in `work_metrics`: what watches them must not keep
CloudFormation from removing them.
"""

from dataclasses import replace
from math import ceil

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from cdk.components import work_metrics
from cdk.components.runbook_alarm import Watch
from cdk.config import EnvironmentConfig
from cdk.naming import Names
from runtime.core.contract import METRICS_NAMESPACE, Metric, MetricDimension

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
            metric=work_metrics.waiting(dead_letter_name, period=_MINUTE, statistic="Maximum"),
        ),
        Watch(
            page="work-waiting",
            says="Jobs have waited for a worker all the time.",
            metric=work_metrics.waiting(queue_name, period=patience, statistic="Minimum"),
        ),
        Watch(
            page="pool-full",
            says="For an hour all workers there may be were busy, and jobs waited.",
            metric=cloudwatch.MathExpression(
                expression=f"IF(in_work >= {max_tasks}, waiting, 0)",
                using_metrics={
                    "waiting": work_metrics.waiting(queue_name, period=_HOUR, statistic="Minimum"),
                    "in_work": work_metrics.in_work(queue_name, period=_HOUR, statistic="Minimum"),
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
                "wanted": _tasks("DesiredTaskCount", cluster_name, service_name),
                "running": _tasks("RunningTaskCount", cluster_name, service_name),
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


def pool_rows(environment: EnvironmentConfig) -> list[list[cloudwatch.IWidget]]:
    """Return the rows of the dashboard that show the pool."""
    names = Names(environment.name)
    counts = (
        Metric.PROTECTION_RENEWALS,
        Metric.PROTECTION_REFUSALS,
        Metric.PROTECTION_FAILURES,
        Metric.PROTECTION_LEASES_LOST,
        Metric.WORKER_JOBS_RELEASED,
    )
    return [
        [
            _graph(
                "Work queue: jobs waiting, jobs in work",
                [
                    work_metrics.waiting(names.work_queue, period=_MINUTE, statistic="Maximum"),
                    work_metrics.in_work(names.work_queue, period=_MINUTE, statistic="Maximum"),
                ],
            ),
            _graph(
                "Workers: wanted, running",
                [
                    _tasks("DesiredTaskCount", names.cluster, names.worker),
                    _tasks("RunningTaskCount", names.cluster, names.worker),
                ],
            ),
        ],
        [
            _graph(
                "Protection: seconds left when a lease was renewed, least",
                [
                    _own(environment, Metric.PROTECTION_MARGIN_SECONDS, _SHORT, "Minimum"),
                ],
            ),
            _graph("Protection", [_own(environment, metric, _SHORT) for metric in counts]),
        ],
    ]


def _protection(environment: EnvironmentConfig) -> tuple[Watch, ...]:
    return (
        Watch(
            page="protection-refusals",
            says="ECS refused to protect workers, more than once in a while.",
            metric=_own(environment, Metric.PROTECTION_REFUSALS, _QUARTER),
            threshold=_REFUSALS,
        ),
        Watch(
            page="protection-failures",
            says="Workers could not reach ECS to protect themselves.",
            metric=_own(environment, Metric.PROTECTION_FAILURES, _QUARTER),
            threshold=_FAILURES,
        ),
        Watch(
            page="protection-leases-lost",
            says="Workers lost their protection while at work; their jobs were put back.",
            metric=_own(environment, Metric.PROTECTION_LEASES_LOST, _SHORT),
            periods=_LATE,
        ),
        Watch(
            page="jobs-released",
            says="Workers had to put jobs back before they were done.",
            metric=_own(environment, Metric.WORKER_JOBS_RELEASED, _HOUR),
            threshold=environment.alarms.put_backs_an_hour,
        ),
    )


def _own(
    environment: EnvironmentConfig, metric: Metric, period: Duration, statistic: str = "Sum"
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=METRICS_NAMESPACE,
        metric_name=metric.value,
        dimensions_map={MetricDimension.ENVIRONMENT.value: environment.name},
        period=period,
        statistic=statistic,
    )


def _tasks(metric: str, cluster_name: str, service_name: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="ECS/ContainerInsights",
        metric_name=metric,
        dimensions_map={"ClusterName": cluster_name, "ServiceName": service_name},
        period=_MINUTE,
        statistic="Maximum",
    )


def _graph(title: str, metrics: list[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=metrics, width=12, height=6)
