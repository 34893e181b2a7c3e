"""Service level objectives, and alarms on how fast their error budgets are spent.

The windows and factors are those of "Alerting on SLOs" in Google's SRE Workbook. docs/objectives.md
states the objectives for users.
"""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from cdk.config import EnvironmentConfig
from cdk.constructs.observability.custom_metric import custom_metric
from cdk.constructs.observability.runbook_alarm import AlarmSpec, Severity
from runtime.core.contract import Metric

SUCCESS = 0.99
"""The share of jobs that succeed, without those that a user's file or option makes fail."""

PACE = 1.0
"""Seconds of work for a second of video, over an hour in which enough video was processed."""

USERS_MISTAKES = ("media", "options")
"""Classes of codes for which the file or its options are to blame, not the service."""

FAST, SLOW = (Duration.hours(1), 14.4), (Duration.hours(6), 6.0)
"""Window and burn rate: 2% of a month's budget within an hour, 5% within six."""

_LEAST_FAILURES = 2
_LEAST_MEDIA_SECONDS = 600
_PACE_HOURS = 3


def own_failures(environment: EnvironmentConfig, period: Duration) -> cloudwatch.MathExpression:
    """Return the number of failed jobs, without those that are users' mistakes."""
    return cloudwatch.MathExpression(
        expression=_own_failures("failed"),
        using_metrics=_failures(environment, period),
        label="jobs that failed by the service's fault",
        period=period,
    )


def objective_alarms(environment: EnvironmentConfig) -> tuple[AlarmSpec, ...]:
    """Return the alarms of the objectives: two burn rates of success, and the pace."""
    (fast, fast_rate), (slow, slow_rate) = FAST, SLOW
    return (
        AlarmSpec(
            slug="success-burn-fast",
            severity=Severity.PAGE,
            summary="Jobs fail so often that the month's error budget is gone in two days.",
            metric=_failing_share(environment, fast),
            threshold=round(fast_rate * (1 - SUCCESS), 4),
        ),
        AlarmSpec(
            slug="success-burn-slow",
            summary="Jobs fail so often that the month's error budget is gone in five days.",
            metric=_failing_share(environment, slow),
            threshold=round(slow_rate * (1 - SUCCESS), 4),
        ),
        AlarmSpec(
            slug="pace-burn",
            summary="For hours, jobs have taken longer than their recordings last.",
            metric=_pace(environment),
            threshold=PACE,
            periods=_PACE_HOURS,
            datapoints=_PACE_HOURS,
        ),
    )


def _failing_share(environment: EnvironmentConfig, period: Duration) -> cloudwatch.MathExpression:
    own = _own_failures("FILL(failed, 0)")
    return cloudwatch.MathExpression(
        # One failure among few jobs says nothing about a share.
        expression=f"IF({own} >= {_LEAST_FAILURES}, ({own}) / ({own} + FILL(succeeded, 0)), 0)",
        using_metrics={
            **_failures(environment, period),
            "succeeded": custom_metric(environment, Metric.JOBS_SUCCEEDED, period),
        },
        label="share of jobs that failed by the service's fault",
        period=period,
    )


def _pace(environment: EnvironmentConfig) -> cloudwatch.MathExpression:
    hour = Duration.hours(1)
    return cloudwatch.MathExpression(
        # A short clip takes longer than it lasts: models are loaded for it as for any other.
        expression=f"IF(media >= {_LEAST_MEDIA_SECONDS}, work / media, 0)",
        using_metrics={
            "work": custom_metric(environment, Metric.JOB_SECONDS, hour),
            "media": custom_metric(environment, Metric.MEDIA_SECONDS, hour),
        },
        label="seconds of work for a second of video",
        period=hour,
    )


def _failures(environment: EnvironmentConfig, period: Duration) -> dict[str, cloudwatch.IMetric]:
    return {
        "failed": custom_metric(environment, Metric.JOBS_FAILED, period),
        **{
            name: custom_metric(environment, Metric.JOBS_FAILED, period, code_class=name)
            for name in USERS_MISTAKES
        },
    }


def _own_failures(failed: str) -> str:
    return " - ".join((failed, *(f"FILL({name}, 0)" for name in USERS_MISTAKES)))
