"""Service level objectives, and alarms on how fast their error budgets are spent.

The windows and factors are those of "Alerting on SLOs" in Google's SRE Workbook. docs/objectives.md
states the objectives for users.
"""

from collections.abc import Iterator

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from cdk.config import EnvironmentConfig
from cdk.constructs.observability.metrics import HOUR, custom_metric, expression
from cdk.constructs.observability.runbook_alarm import AlarmSpec
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
    label = "jobs that failed by the service's fault"
    return expression(_own_failures("failed"), label, period, **_failures(environment, period))


def objective_alarms(environment: EnvironmentConfig) -> Iterator[AlarmSpec]:
    """Yield the alarms of the objectives: two burn rates of success, and the pace."""
    for slug, (window, rate) in (("success-burn-fast", FAST), ("success-burn-slow", SLOW)):
        share = _failing_share(environment, window)
        yield AlarmSpec(slug, share, round(rate * (1 - SUCCESS), 4))
    hours = _PACE_HOURS
    yield AlarmSpec("pace-burn", _pace(environment), PACE, periods=hours, datapoints=hours)


def _failing_share(environment: EnvironmentConfig, period: Duration) -> cloudwatch.MathExpression:
    own = _own_failures("FILL(failed, 0)")
    return expression(
        # One failure among few jobs says nothing about a share.
        f"IF({own} >= {_LEAST_FAILURES}, ({own}) / ({own} + FILL(succeeded, 0)), 0)",
        "share of jobs that failed by the service's fault",
        period,
        **_failures(environment, period),
        succeeded=custom_metric(environment, Metric.JOBS_SUCCEEDED, period),
    )


def _pace(environment: EnvironmentConfig) -> cloudwatch.MathExpression:
    return expression(
        # A short clip takes longer than it lasts: models are loaded for it as for any other.
        f"IF(media >= {_LEAST_MEDIA_SECONDS}, work / media, 0)",
        "seconds of work for a second of video",
        HOUR,
        work=custom_metric(environment, Metric.JOB_SECONDS, HOUR),
        media=custom_metric(environment, Metric.MEDIA_SECONDS, HOUR),
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
