"""Alarms and dashboard rows of the service tier: answers, tasks, events, webhooks."""

from collections.abc import Iterator

from aws_cdk import aws_cloudwatch as cloudwatch

from cdk.config import EnvironmentConfig
from cdk.constructs.observability.front_metrics import FrontMetrics
from cdk.constructs.observability.metrics import (
    MINUTE,
    SHORT,
    expression,
    service_metric,
    tasks,
    waiting,
)
from cdk.constructs.observability.pool_alarms import missing_tasks
from cdk.constructs.observability.runbook_alarm import AlarmSpec
from cdk.naming import Names
from runtime.core.contract import ServiceMetric

_FAILED_PERCENT = 5
_FEWEST = 20
"""Requests in five minutes from which on a share says something."""

_SLOW_SECONDS = 2.0
_SLOW_DATABASE_MILLISECONDS = 250
"""DynamoDB answers within ten."""

_INSTANCE_ERROR_PERCENT = 25
_MANY_SOCKETS = 1600
"""An instance takes 2,000 watchers."""


def service_alarms(environment: EnvironmentConfig, answers: FrontMetrics) -> Iterator[AlarmSpec]:
    """Yield the alarms of what answers requests, of tasks, webhooks and events."""
    names, slug = Names(environment.name), "service-tasks-missing"
    errors = service_metric(environment, ServiceMetric.ERROR_RATE)
    latency = service_metric(environment, ServiceMetric.DATABASE_LATENCY, "p95")
    yield AlarmSpec(
        "service-errors", _failed_percent(answers), _FAILED_PERCENT, periods=3, datapoints=2
    )
    yield AlarmSpec("service-slow", _seconds(answers), _SLOW_SECONDS, periods=3, datapoints=3)
    if answers.has_tasks:
        yield missing_tasks(slug, names.cluster, names.api, prefix="api")
        yield missing_tasks(slug, names.cluster, names.web, prefix="web")
    yield AlarmSpec("service-error-rate", errors, _INSTANCE_ERROR_PERCENT, periods=3, datapoints=3)
    yield AlarmSpec(
        "service-database-slow", latency, _SLOW_DATABASE_MILLISECONDS, periods=3, datapoints=3
    )
    if answers.has_tasks:
        sockets = service_metric(environment, ServiceMetric.WEBSOCKET_CONNECTIONS)
        yield AlarmSpec("service-sockets-full", sockets, _MANY_SOCKETS)
    yield AlarmSpec("webhook-dead-letters", waiting(names.webhook_dlq, MINUTE))
    yield AlarmSpec("events-dead-letters", waiting(names.events_dlq, MINUTE))


def service_rows(
    environment: EnvironmentConfig, answers: FrontMetrics
) -> Iterator[tuple[str, list[cloudwatch.IMetric]]]:
    """Yield the titles and metrics of the dashboard's graphs."""
    names, metrics = Names(environment.name), ServiceMetric
    unit = "seconds" if answers.per_second == 1 else "milliseconds"
    yield (
        "Services: requests, and server errors among them",
        [*answers.requests.values(), *answers.failed.values()],
    )
    yield (
        f"Services: {unit} to an answer (p50, p95)",
        [*answers.wait("p50"), *answers.wait("p95")],
    )
    if answers.has_tasks:
        yield (
            "Services: tasks that run",
            [tasks("RunningTaskCount", names.cluster, each) for each in (names.api, names.web)],
        )
    for title, shown, statistics in (
        (
            "Services: callers and open sockets of the busiest instance",
            (metrics.CONCURRENT_SESSIONS, metrics.WEBSOCKET_CONNECTIONS),
            ("Maximum",),
        ),
        (
            "Services: milliseconds of a call to the tables (p50, p95)",
            (metrics.DATABASE_LATENCY,),
            ("p50", "p95"),
        ),
        ("Services: bytes that became jobs", (metrics.UPLOAD_BYTES,), ("Sum",)),
        (
            "Services: percent of an instance's answers that are server errors",
            (metrics.ERROR_RATE,),
            ("Maximum",),
        ),
    ):
        yield (
            title,
            [service_metric(environment, each, of) for each in shown for of in statistics],
        )
    queues = (names.webhook_queue, names.webhook_dlq, names.events_dlq)
    yield "Webhooks and events: waiting, given up", [waiting(queue, SHORT) for queue in queues]


def _failed_percent(answers: FrontMetrics) -> cloudwatch.MathExpression:
    failed = " + ".join(f"FILL({name}, 0)" for name in answers.failed)
    every = " + ".join(f"FILL({name}, 0)" for name in answers.requests)
    return expression(
        f"IF({every} >= {_FEWEST}, 100 * ({failed}) / ({every}), 0)",
        "percent of requests with a server error",
        SHORT,
        **answers.failed,
        **answers.requests,
    )


def _seconds(answers: FrontMetrics) -> cloudwatch.IMetric:
    waits = answers.wait("p95")
    if answers.per_second == 1:
        return waits[0]
    named = {f"wait{number}": metric for number, metric in enumerate(waits)}
    formula = f"MAX([{', '.join(named)}]) / {answers.per_second}"
    return expression(formula, "seconds to an answer, p95 of the slower gateway", SHORT, **named)
