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
from cdk.constructs.observability import queue_metrics
from cdk.constructs.observability.custom_metric import custom_metric
from cdk.constructs.observability.front_metrics import FrontMetrics
from cdk.constructs.observability.service_alarms import service_rows
from cdk.naming import Names
from runtime.core.contract import Metric, Stage

_MINUTE = Duration.minutes(1)
_SHORT = Duration.minutes(5)
_HOUR = Duration.hours(1)

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
    rows = service_rows(environment, answers)
    graphs: list[cloudwatch.IWidget] = [_graph(title, metrics) for title, metrics in rows]
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
            [custom_metric(environment, metric, _SHORT) for metric in _ENDS],
        ),
    ]


def _queue(jobs: JobQueue) -> list[cloudwatch.IWidget]:
    queue, dead = jobs.queue, jobs.dead_letters
    return [
        _graph(
            "Jobs queue: messages that wait, in work, dead",
            [
                queue.metric_approximate_number_of_messages_visible(period=_SHORT, label="wait"),
                queue.metric_approximate_number_of_messages_not_visible(
                    period=_SHORT, label="in work"
                ),
                dead.metric_approximate_number_of_messages_visible(period=_SHORT, label="dead"),
            ],
        ),
        _graph(
            "Jobs queue: age of the oldest message, seconds",
            [queue.metric_approximate_age_of_oldest_message(period=_SHORT, statistic="Maximum")],
        ),
    ]


def _summaries(environment: EnvironmentConfig) -> Rows:
    if environment.summary is None:
        return []
    spent = custom_metric(environment, Metric.SUMMARY_USD, _HOUR)
    counts = (Metric.SUMMARY_FALLBACKS, Metric.SUMMARY_SENTENCES_REJECTED)
    row: list[cloudwatch.IWidget] = [
        _graph("Summaries by a model: US dollars", [spent]),
        _graph(
            "Summaries that fell back to quotes, sentences that were rejected",
            [custom_metric(environment, metric, _HOUR) for metric in counts],
        ),
    ]
    return [row]


def _stages(environment: EnvironmentConfig) -> list[cloudwatch.IWidget]:
    return [
        _graph(
            f"Stages: seconds, {says} ({statistic})",
            [
                custom_metric(environment, Metric.STAGE_SECONDS, _HOUR, statistic, of=stage.value)
                for stage in Stage
            ],
        )
        for statistic, says in (("p50", "half take less"), ("p90", "nine in ten take less"))
    ]


def _pace_and_cost(environment: EnvironmentConfig) -> list[cloudwatch.IWidget]:
    media = custom_metric(environment, Metric.MEDIA_SECONDS, _HOUR)
    pace = cloudwatch.MathExpression(
        expression="jobs / media",
        using_metrics={
            "jobs": custom_metric(environment, Metric.JOB_SECONDS, _HOUR),
            "media": media,
        },
        label="seconds of work for a second of video",
        period=_HOUR,
    )
    spent = custom_metric(environment, Metric.PROCESSING_USD, _HOUR)
    cost = cloudwatch.MathExpression(
        expression="3600 * spent / media",
        using_metrics={"spent": spent, "media": media},
        label="US dollars for an hour of video",
        period=_HOUR,
    )
    return [
        _graph(
            "Seconds a job takes, and real time factor",
            [
                custom_metric(environment, Metric.JOB_SECONDS, _HOUR, statistic)
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
    launched = custom_metric(environment, Metric.JOBS_IN_STATE, _SHORT, "Maximum", of="LAUNCHED")
    ended = (Metric.SPOT_INTERRUPTIONS, Metric.TASKS_STOPPED, Metric.LAUNCHES_FAILED)
    return [
        _graph(
            "Tasks of the cluster that run, jobs whose task is awaited",
            [queue_metrics.tasks("TaskCount", cluster), launched],
        ),
        _graph(
            "Tasks that Spot took back, that hung, that could not be started",
            [custom_metric(environment, metric, _SHORT) for metric in ended],
        ),
    ]


def _pools(environment: EnvironmentConfig) -> Rows:
    """Return the rows of each pool of workers and of their protection, none without workers."""
    names = Names(environment.name)
    rows: Rows = []
    if environment.workers is not None:
        rows.append(_pool("", names.work_queue, names.cluster, names.worker))
    if environment.gpu is not None:
        rows.append(_pool(" with a GPU", names.gpu_work_queue, names.cluster, names.gpu_worker))
    return [*rows, _protection(environment)] if rows else []


def _pool(kind: str, queue: str, cluster: str, service: str) -> list[cloudwatch.IWidget]:
    counts = ("DesiredTaskCount", "PendingTaskCount", "RunningTaskCount")
    return [
        _graph(
            f"Work queue of workers{kind}: jobs waiting, jobs in work",
            [
                queue_metrics.waiting(queue, period=_MINUTE, statistic="Maximum"),
                queue_metrics.in_work(queue, period=_MINUTE, statistic="Maximum"),
            ],
        ),
        _graph(
            f"Workers{kind}: wanted, starting, running",
            [queue_metrics.tasks(count, cluster, service) for count in counts],
        ),
    ]


def _protection(environment: EnvironmentConfig) -> list[cloudwatch.IWidget]:
    margin = custom_metric(environment, Metric.PROTECTION_MARGIN_SECONDS, _SHORT, "Minimum")
    return [
        _graph("Protection margin: seconds left when a lease was renewed, least", [margin]),
        _graph(
            "Protection", [custom_metric(environment, metric, _SHORT) for metric in _PROTECTION]
        ),
    ]


def _functions(sources: DashboardSources) -> Rows:
    functions = (("Dispatcher", sources.dispatcher), ("Reaper", sources.reaper))
    return [
        [
            _graph(f"{name}: runs", [function.metric_invocations(period=_SHORT)])
            for name, function in functions
        ],
        [
            _graph(
                f"{name}: errors and throttles",
                [
                    function.metric_errors(period=_SHORT),
                    function.metric_throttles(period=_SHORT),
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
