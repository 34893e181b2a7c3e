"""Alarms and dashboard rows of the service tier: answers, tasks, events, webhooks."""

from collections.abc import Sequence
from dataclasses import replace

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from cdk.config import EnvironmentConfig
from cdk.constructs.observability import queue_metrics
from cdk.constructs.observability.pool_alarms import missing_tasks_alarm
from cdk.constructs.observability.runbook_alarm import AlarmSpec, Severity
from cdk.naming import Names

_MINUTE = Duration.minutes(1)
_SHORT = Duration.minutes(5)

_FAILED_PERCENT = 5
_FEWEST = 20
"""Requests in five minutes from which on a share says something."""

_SLOW_SECONDS = 2.0
_NAMESPACE = "AWS/ApplicationELB"


def service_alarms(environment: EnvironmentConfig, balancer: str) -> tuple[AlarmSpec, ...]:
    """Return the alarms; `balancer` is the load balancer's name in metrics."""
    names = Names(environment.name)
    missing = replace(
        missing_tasks_alarm(names.cluster, names.api),
        slug="service-tasks-missing",
        summary="Tasks of a service that are wanted do not run.",
    )
    web = missing_tasks_alarm(names.cluster, names.web).metric
    return (
        AlarmSpec(
            slug="service-errors",
            severity=Severity.PAGE,
            summary="Many requests to the API or the pages are answered with a server error.",
            metric=_failed_percent(balancer),
            threshold=_FAILED_PERCENT,
            periods=3,
            datapoints=2,
        ),
        AlarmSpec(
            slug="service-slow",
            summary="One request in twenty takes longer than two seconds.",
            metric=_balancer_metric("TargetResponseTime", balancer, "p95"),
            threshold=_SLOW_SECONDS,
            periods=3,
            datapoints=3,
        ),
        replace(missing, prefix="api"),
        replace(missing, prefix="web", metric=web),
        AlarmSpec(
            slug="webhook-dead-letters",
            summary="Webhooks could not be delivered for a day and were given up.",
            metric=queue_metrics.waiting(names.webhook_dlq, period=_MINUTE, statistic="Maximum"),
        ),
        AlarmSpec(
            slug="events-dead-letters",
            summary="Changes of jobs could not be announced.",
            metric=queue_metrics.waiting(names.events_dlq, period=_MINUTE, statistic="Maximum"),
        ),
    )


def service_rows(
    environment: EnvironmentConfig, balancer: str
) -> Sequence[tuple[str, list[cloudwatch.IMetric]]]:
    """Return the titles and metrics of the dashboard's graphs."""
    names = Names(environment.name)
    return (
        (
            "Services: requests, and server errors among them",
            [
                _balancer_metric("RequestCount", balancer, "Sum"),
                _balancer_metric("HTTPCode_Target_5XX_Count", balancer, "Sum"),
                _balancer_metric("HTTPCode_ELB_5XX_Count", balancer, "Sum"),
            ],
        ),
        (
            "Services: seconds to an answer (p50, p95)",
            [
                _balancer_metric("TargetResponseTime", balancer, "p50"),
                _balancer_metric("TargetResponseTime", balancer, "p95"),
            ],
        ),
        (
            "Services: tasks that run",
            [
                queue_metrics.tasks("RunningTaskCount", names.cluster, service)
                for service in (names.api, names.web)
            ],
        ),
        (
            "Webhooks and events: waiting, given up",
            [
                queue_metrics.waiting(queue, period=_SHORT, statistic="Maximum")
                for queue in (names.webhook_queue, names.webhook_dlq, names.events_dlq)
            ],
        ),
    )


def _failed_percent(balancer: str) -> cloudwatch.MathExpression:
    failed = "(FILL(targets, 0) + FILL(itself, 0))"
    return cloudwatch.MathExpression(
        expression=f"IF(FILL(every, 0) >= {_FEWEST}, 100 * {failed} / every, 0)",
        using_metrics={
            "targets": _balancer_metric("HTTPCode_Target_5XX_Count", balancer, "Sum"),
            "itself": _balancer_metric("HTTPCode_ELB_5XX_Count", balancer, "Sum"),
            "every": _balancer_metric("RequestCount", balancer, "Sum"),
        },
        label="percent of requests with a server error",
        period=_SHORT,
    )


def _balancer_metric(name: str, balancer: str, statistic: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=_NAMESPACE,
        metric_name=name,
        dimensions_map={"LoadBalancer": balancer},
        period=_SHORT,
        statistic=statistic,
    )
