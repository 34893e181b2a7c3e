"""Alarms and dashboard rows of the service tier: answers, tasks, events, webhooks."""

from collections.abc import Sequence
from dataclasses import replace

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from cdk.config import EnvironmentConfig
from cdk.constructs.observability import queue_metrics
from cdk.constructs.observability.custom_metric import service_metric
from cdk.constructs.observability.front_metrics import FrontMetrics
from cdk.constructs.observability.pool_alarms import missing_tasks_alarm
from cdk.constructs.observability.runbook_alarm import AlarmSpec, Severity
from cdk.naming import Names
from runtime.core.contract import ServiceMetric

_MINUTE = Duration.minutes(1)
_SHORT = Duration.minutes(5)

_FAILED_PERCENT = 5
_FEWEST = 20
"""Requests in five minutes from which on a share says something."""

_SLOW_SECONDS = 2.0
_SLOW_DATABASE_MILLISECONDS = 250
"""DynamoDB answers within ten."""

_INSTANCE_ERROR_PERCENT = 25
_MANY_SOCKETS = 1600
"""An instance takes 2,000 watchers."""


def service_alarms(environment: EnvironmentConfig, answers: FrontMetrics) -> tuple[AlarmSpec, ...]:
    """Return the alarms of what answers requests, of tasks, webhooks and events."""
    names = Names(environment.name)
    return (
        AlarmSpec(
            slug="service-errors",
            severity=Severity.PAGE,
            summary="Many requests to the API or the pages are answered with a server error.",
            metric=_failed_percent(answers),
            threshold=_FAILED_PERCENT,
            periods=3,
            datapoints=2,
        ),
        AlarmSpec(
            slug="service-slow",
            summary="One request in twenty takes longer than two seconds.",
            metric=_seconds(answers),
            threshold=_SLOW_SECONDS,
            periods=3,
            datapoints=3,
        ),
        *(_missing_tasks(names) if answers.has_tasks else ()),
        AlarmSpec(
            slug="service-error-rate",
            summary="One instance of the API answers many requests with a server error.",
            metric=service_metric(environment, ServiceMetric.ERROR_RATE, _SHORT, "Maximum"),
            threshold=_INSTANCE_ERROR_PERCENT,
            periods=3,
            datapoints=3,
        ),
        AlarmSpec(
            slug="service-database-slow",
            summary="One call in twenty of the API to its tables takes longer than 250 ms.",
            metric=service_metric(environment, ServiceMetric.DATABASE_LATENCY, _SHORT, "p95"),
            threshold=_SLOW_DATABASE_MILLISECONDS,
            periods=3,
            datapoints=3,
        ),
        *(_sockets(environment) if answers.has_tasks else ()),
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
    environment: EnvironmentConfig, answers: FrontMetrics
) -> Sequence[tuple[str, list[cloudwatch.IMetric]]]:
    """Return the titles and metrics of the dashboard's graphs."""
    names = Names(environment.name)
    unit = "seconds" if answers.per_second == 1 else "milliseconds"
    return (
        (
            "Services: requests, and server errors among them",
            [*answers.requests.values(), *answers.failed.values()],
        ),
        (
            f"Services: {unit} to an answer (p50, p95)",
            [*answers.wait("p50"), *answers.wait("p95")],
        ),
        *((_running_tasks(names),) if answers.has_tasks else ()),
        (
            "Services: callers and open sockets of the busiest instance",
            [
                service_metric(environment, metric, _SHORT, "Maximum")
                for metric in (
                    ServiceMetric.CONCURRENT_SESSIONS,
                    ServiceMetric.WEBSOCKET_CONNECTIONS,
                )
            ],
        ),
        (
            "Services: milliseconds of a call to the tables (p50, p95)",
            [
                service_metric(environment, ServiceMetric.DATABASE_LATENCY, _SHORT, statistic)
                for statistic in ("p50", "p95")
            ],
        ),
        (
            "Services: bytes that became jobs",
            [service_metric(environment, ServiceMetric.UPLOAD_BYTES, _SHORT, "Sum")],
        ),
        (
            "Services: percent of an instance's answers that are server errors",
            [service_metric(environment, ServiceMetric.ERROR_RATE, _SHORT, "Maximum")],
        ),
        (
            "Webhooks and events: waiting, given up",
            [
                queue_metrics.waiting(queue, period=_SHORT, statistic="Maximum")
                for queue in (names.webhook_queue, names.webhook_dlq, names.events_dlq)
            ],
        ),
    )


def _sockets(environment: EnvironmentConfig) -> tuple[AlarmSpec, ...]:
    sockets = ServiceMetric.WEBSOCKET_CONNECTIONS
    return (
        AlarmSpec(
            slug="service-sockets-full",
            summary="An instance of the API has almost as many sockets as it takes.",
            metric=service_metric(environment, sockets, _SHORT, "Maximum"),
            threshold=_MANY_SOCKETS,
        ),
    )


def _running_tasks(names: Names) -> tuple[str, list[cloudwatch.IMetric]]:
    return (
        "Services: tasks that run",
        [
            queue_metrics.tasks("RunningTaskCount", names.cluster, service)
            for service in (names.api, names.web)
        ],
    )


def _missing_tasks(names: Names) -> tuple[AlarmSpec, ...]:
    missing = replace(
        missing_tasks_alarm(names.cluster, names.api),
        slug="service-tasks-missing",
        summary="Tasks of a service that are wanted do not run.",
    )
    web = missing_tasks_alarm(names.cluster, names.web).metric
    return replace(missing, prefix="api"), replace(missing, prefix="web", metric=web)


def _failed_percent(answers: FrontMetrics) -> cloudwatch.MathExpression:
    failed = " + ".join(f"FILL({name}, 0)" for name in answers.failed)
    every = " + ".join(f"FILL({name}, 0)" for name in answers.requests)
    return cloudwatch.MathExpression(
        expression=f"IF({every} >= {_FEWEST}, 100 * ({failed}) / ({every}), 0)",
        using_metrics={**answers.failed, **answers.requests},
        label="percent of requests with a server error",
        period=_SHORT,
    )


def _seconds(answers: FrontMetrics) -> cloudwatch.IMetric:
    waits = answers.wait("p95")
    if answers.per_second == 1:
        return waits[0]
    named = {f"wait{number}": metric for number, metric in enumerate(waits)}
    return cloudwatch.MathExpression(
        expression=f"MAX([{', '.join(named)}]) / {answers.per_second}",
        using_metrics=named,
        label="seconds to an answer, p95 of the slower gateway",
        period=_SHORT,
    )
