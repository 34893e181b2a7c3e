"""The dashboard of an environment: rows of widgets, the most urgent first.

Custom metrics are named by the contract, so every widget shows a metric that the runtime writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_

from cdk.config import EnvironmentConfig
from cdk.constructs.data.job_queue import JobQueue
from cdk.constructs.observability.front_metrics import FrontMetrics
from cdk.constructs.observability.metrics import (
    HOUR,
    MINUTE,
    SHORT,
    custom_metric,
    expression,
    in_work,
    tasks,
    waiting,
)
from cdk.constructs.observability.pool_alarms import Pool, pools
from cdk.constructs.observability.service_alarms import service_rows
from cdk.naming import Names
from runtime.core.contract import Metric, Stage

_LIVE_STATES = ("PENDING", "CLAIMED", "LAUNCHED", "RUNNING")
"""States that a job leaves again; each sweep counts the jobs in each."""

_ENDS = (Metric.JOBS_SUCCEEDED, Metric.JOBS_FAILED, Metric.JOBS_PUT_BACK)
_PROTECTION = (
    Metric.PROTECTION_RENEWALS,
    Metric.PROTECTION_REFUSALS,
    Metric.PROTECTION_FAILURES,
    Metric.PROTECTION_LEASES_LOST,
    Metric.WORKER_JOBS_RELEASED,
)

Rows = list[list[cloudwatch.IWidget]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardSources:
    """What a dashboard shows besides custom metrics; `answers` are the services', if any."""

    alarms: Sequence[cloudwatch.IAlarm]
    jobs: JobQueue
    dispatcher: lambda_.IFunction
    reaper: lambda_.IFunction
    answers: FrontMetrics | None


def dashboard_rows(environment: EnvironmentConfig, sources: DashboardSources) -> Rows:
    """Return the rows of an environment's dashboard."""
    alarms = cloudwatch.AlarmStatusWidget(
        title="Alarms", alarms=list(sources.alarms), width=24, height=4
    )
    return [
        [alarms],
        _jobs(environment),
        _queue(sources.jobs),
        _stages(environment),
        _pace_and_cost(environment),
        _tasks(environment),
        *_summaries(environment),
        *_pools(environment),
        *_functions(sources),
        *_services(environment, sources.answers),
    ]


def _services(environment: EnvironmentConfig, answers: FrontMetrics | None) -> Rows:
    if answers is None:
        return []
    graphs: list[cloudwatch.IWidget] = [
        _graph(title, metrics) for title, metrics in service_rows(environment, answers)
    ]
    return [graphs[first : first + 2] for first in range(0, len(graphs), 2)]


def _jobs(environment: EnvironmentConfig) -> list[cloudwatch.IWidget]:
    interval = Duration.minutes(environment.reaper.sweep_minutes)
    return [
        _graph(
            "Jobs by state, as the reaper's sweeps find them",
            [
                custom_metric(environment, Metric.JOBS_IN_STATE, interval, "Maximum", of=state)
                for state in _LIVE_STATES
            ],
        ),
        _graph(
            "Jobs that succeeded, failed or were put back",
            [custom_metric(environment, metric, SHORT) for metric in _ENDS],
        ),
    ]


def _queue(jobs: JobQueue) -> list[cloudwatch.IWidget]:
    queue, dead = jobs.queue, jobs.dead_letters
    return [
        _graph(
            "Jobs queue: messages that wait, in work, dead",
            [
                queue.metric_approximate_number_of_messages_visible(period=SHORT, label="wait"),
                queue.metric_approximate_number_of_messages_not_visible(
                    period=SHORT, label="in work"
                ),
                dead.metric_approximate_number_of_messages_visible(period=SHORT, label="dead"),
            ],
        ),
        _graph(
            "Jobs queue: age of the oldest message, seconds",
            [queue.metric_approximate_age_of_oldest_message(period=SHORT, statistic="Maximum")],
        ),
    ]


def _summaries(environment: EnvironmentConfig) -> Rows:
    if environment.summary is None:
        return []
    spent = custom_metric(environment, Metric.SUMMARY_USD, HOUR)
    counts = (Metric.SUMMARY_FALLBACKS, Metric.SUMMARY_SENTENCES_REJECTED)
    row: list[cloudwatch.IWidget] = [
        _graph("Summaries by a model: US dollars", [spent]),
        _graph(
            "Summaries that fell back to quotes, sentences that were rejected",
            [custom_metric(environment, metric, HOUR) for metric in counts],
        ),
    ]
    return [row]


def _stages(environment: EnvironmentConfig) -> list[cloudwatch.IWidget]:
    return [
        _graph(
            f"Stages: seconds, {says} ({statistic})",
            [
                custom_metric(environment, Metric.STAGE_SECONDS, HOUR, statistic, of=stage.value)
                for stage in Stage
            ],
        )
        for statistic, says in (("p50", "half take less"), ("p90", "nine in ten take less"))
    ]


def _pace_and_cost(environment: EnvironmentConfig) -> list[cloudwatch.IWidget]:
    media = custom_metric(environment, Metric.MEDIA_SECONDS, HOUR)
    jobs = custom_metric(environment, Metric.JOB_SECONDS, HOUR)
    spent = custom_metric(environment, Metric.PROCESSING_USD, HOUR)
    says = "seconds of work for a second of video"
    pace = expression("jobs / media", says, HOUR, jobs=jobs, media=media)
    says = "US dollars for an hour of video"
    cost = expression("3600 * spent / media", says, HOUR, spent=spent, media=media)
    return [
        _graph(
            "Seconds a job takes, and real time factor",
            [
                custom_metric(environment, Metric.JOB_SECONDS, HOUR, statistic)
                for statistic in ("p50", "p90", "Maximum")
            ],
            right=[pace],
        ),
        _graph(
            "Cost of processing by list prices of Fargate: for an hour of video, and spent",
            [cost],
            right=[spent],
        ),
    ]


def _tasks(environment: EnvironmentConfig) -> list[cloudwatch.IWidget]:
    cluster = Names(environment.name).cluster
    launched = custom_metric(environment, Metric.JOBS_IN_STATE, SHORT, "Maximum", of="LAUNCHED")
    ended = (Metric.SPOT_INTERRUPTIONS, Metric.TASKS_STOPPED, Metric.LAUNCHES_FAILED)
    return [
        _graph(
            "Tasks of the cluster that run, jobs whose task is awaited",
            [tasks("TaskCount", cluster), launched],
        ),
        _graph(
            "Tasks that Spot took back, that hung, that could not be started",
            [custom_metric(environment, metric, SHORT) for metric in ended],
        ),
    ]


def _pools(environment: EnvironmentConfig) -> Rows:
    """Return the rows of each pool of workers and of their protection, none without workers."""
    cluster = Names(environment.name).cluster
    rows = [_pool(pool, cluster) for pool in pools(environment)]
    return [*rows, _protection(environment)] if rows else []


def _pool(pool: Pool, cluster: str) -> list[cloudwatch.IWidget]:
    kind = " with a GPU" if pool.prefix else ""
    counts = ("DesiredTaskCount", "PendingTaskCount", "RunningTaskCount")
    return [
        _graph(
            f"Work queue of workers{kind}: jobs waiting, jobs in work",
            [waiting(pool.queue, MINUTE), in_work(pool.queue, MINUTE)],
        ),
        _graph(
            f"Workers{kind}: wanted, starting, running",
            [tasks(count, cluster, pool.service) for count in counts],
        ),
    ]


def _protection(environment: EnvironmentConfig) -> list[cloudwatch.IWidget]:
    margin = custom_metric(environment, Metric.PROTECTION_MARGIN_SECONDS, SHORT, "Minimum")
    return [
        _graph("Protection margin: seconds left when a lease was renewed, least", [margin]),
        _graph("Protection", [custom_metric(environment, metric, SHORT) for metric in _PROTECTION]),
    ]


def _functions(sources: DashboardSources) -> Rows:
    functions = (("Dispatcher", sources.dispatcher), ("Reaper", sources.reaper))
    return [
        [
            _graph(f"{name}: runs", [function.metric_invocations(period=SHORT)])
            for name, function in functions
        ],
        [
            _graph(
                f"{name}: errors and throttles",
                [
                    function.metric_errors(period=SHORT),
                    function.metric_throttles(period=SHORT),
                ],
            )
            for name, function in functions
        ],
    ]


def _graph(
    title: str,
    metrics: Sequence[cloudwatch.IMetric],
    *,
    right: Sequence[cloudwatch.IMetric] = (),
) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title, left=list(metrics), right=list(right), width=12, height=6
    )
