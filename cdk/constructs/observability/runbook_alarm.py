"""An alarm whose description names its runbook in docs/runbooks."""

from dataclasses import dataclass
from enum import StrEnum

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from cdk.naming import Names


class Severity(StrEnum):
    """How soon a person must act."""

    PAGE = "page"
    """Now: uploads are not processed, or data is at risk."""
    TICKET = "ticket"
    """Within a working day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSpec:
    """An alarm: its metric reaches `threshold` in `datapoints` of the last `periods`.

    `slug` names the alarm and its runbook; `prefix` precedes the alarm's name where several things
    have the same alarm. `summary` states what happened in a sentence. With `alarm_below`, the
    alarm is for a metric that stays below the threshold, or that has no data.
    """

    slug: str
    summary: str
    metric: cloudwatch.IMetric
    threshold: float = 1
    periods: int = 1
    datapoints: int = 1
    alarm_below: bool = False
    severity: Severity = Severity.TICKET
    prefix: str = ""

    @property
    def name(self) -> str:
        """The alarm's name within its environment."""
        return f"{self.prefix}-{self.slug}" if self.prefix else self.slug

    @property
    def runbook(self) -> str:
        """The runbook's path in the repository."""
        return f"docs/runbooks/{self.slug}.md"


def runbook_alarm(
    scope: Construct, spec: AlarmSpec, *, names: Names, topic: sns.ITopic
) -> cloudwatch.Alarm:
    """Return a new alarm that notifies the topic when it begins and when it ends."""
    comparison = cloudwatch.ComparisonOperator
    alarm = cloudwatch.Alarm(
        scope,
        "".join(word.capitalize() for word in spec.name.split("-")),
        alarm_name=names.alarm(spec.name),
        alarm_description=f"[{spec.severity}] {spec.summary} What to do: {spec.runbook}",
        metric=spec.metric,
        threshold=spec.threshold,
        evaluation_periods=spec.periods,
        datapoints_to_alarm=spec.datapoints,
        comparison_operator=(
            comparison.LESS_THAN_THRESHOLD
            if spec.alarm_below
            else comparison.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
        ),
        treat_missing_data=(
            cloudwatch.TreatMissingData.BREACHING
            if spec.alarm_below
            else cloudwatch.TreatMissingData.NOT_BREACHING
        ),
    )
    notify = actions.SnsAction(topic)
    alarm.add_alarm_action(notify)
    alarm.add_ok_action(notify)
    return alarm
