"""An alarm that leads to its page in docs/runbooks, which has the alarm's name."""

from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from cdk.naming import Names


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is watched: it rings when the metric reaches `threshold` in `datapoints` of `periods`.

    `page` names the alarm and its runbook; `of` comes before the alarm's name, where the same is
    watched of several things. `says` is what has happened, a sentence. With
    `silence`, it rings when the metric stays below the threshold, or is not heard of at all.
    """

    page: str
    says: str
    metric: cloudwatch.IMetric
    threshold: float = 1
    periods: int = 1
    datapoints: int = 1
    silence: bool = False
    of: str = ""

    @property
    def name(self) -> str:
        """What the alarm is called within its environment."""
        return f"{self.of}-{self.page}" if self.of else self.page

    @property
    def runbook(self) -> str:
        """The page's path in the repository."""
        return f"docs/runbooks/{self.page}.md"


def runbook_alarm(
    scope: Construct, watch: Watch, *, names: Names, topic: sns.ITopic
) -> cloudwatch.Alarm:
    """Return a new alarm that tells the topic when it begins and when it is over."""
    comparison = cloudwatch.ComparisonOperator
    alarm = cloudwatch.Alarm(
        scope,
        "".join(word.capitalize() for word in watch.name.split("-")),
        alarm_name=names.alarm(watch.name),
        alarm_description=f"{watch.says} What to do: {watch.runbook}",
        metric=watch.metric,
        threshold=watch.threshold,
        evaluation_periods=watch.periods,
        datapoints_to_alarm=watch.datapoints,
        comparison_operator=(
            comparison.LESS_THAN_THRESHOLD
            if watch.silence
            else comparison.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
        ),
        treat_missing_data=(
            cloudwatch.TreatMissingData.BREACHING
            if watch.silence
            else cloudwatch.TreatMissingData.NOT_BREACHING
        ),
    )
    tell = actions.SnsAction(topic)
    alarm.add_alarm_action(tell)
    alarm.add_ok_action(tell)
    return alarm
