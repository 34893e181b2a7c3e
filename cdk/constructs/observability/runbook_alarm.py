"""An alarm whose description names its runbook in docs/runbooks."""

from dataclasses import KW_ONLY, dataclass
from enum import StrEnum

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from cdk.naming import Names

LATE = 3
"""Periods evaluated: metrics extracted from log lines may arrive after their period ends."""


class Severity(StrEnum):
    """How soon a person must act."""

    PAGE = "page"
    """Now: uploads are not processed, or data is at risk."""
    TICKET = "ticket"
    """Within a working day."""


_PAGES = {
    "oldest-message": "Uploads wait in the jobs queue for longer than usual.",
    "sweeps-missing": "Stuck jobs are not recovered: the reaper's sweeps do not come to their end.",
    "launches-failed": "Tasks could not be started.",
    "dispatches-failed": "Messages could not be worked on, for reasons that do not pass.",
    "dispatcher-errors": "The dispatcher crashed, ran out of time or could not start.",
    "work-waiting": "Jobs have waited for a worker all the time.",
    "workers-failing": (
        "Workers that are wanted do not run: they fail to start, or end again and again."
    ),
    "service-errors": "Many requests to the API or the pages are answered with a server error.",
    "service-tasks-missing": "Tasks of a service that are wanted do not run.",
    "success-burn-fast": "Jobs fail so often that the month's error budget is gone in two days.",
}
_TICKETS = {
    # Jobs
    "dead-letters": "Uploads could not be dispatched; their messages wait for a person.",
    "reaper-dead-letters": "The reaper failed on events for good.",
    "jobs-failed": "Jobs failed that no user's file or option is to blame for.",
    "jobs-put-back": "Jobs had to be run again: their tasks died, hung or never started.",
    "tasks-stopped": "The reaper stopped tasks that hung, never began or took too long.",
    "job-waiting": "A job waits long for capacity, a worker or a service.",
    "uploads-without-job": "Uploads had no job, because their event was lost.",
    "dispatcher-throttles": "Lambda had no room to run the dispatcher.",
    "reaper-errors": "The reaper crashed, ran out of time or could not look after some jobs.",
    "summary-fallbacks": "Summaries consist of quotes: the model failed, or its budget is spent.",
    # Workers
    "work-dead-letters": "Workers could not begin some jobs; their messages wait for a person.",
    "pool-full": "For an hour all workers there may be were busy, and jobs waited.",
    "protection-refusals": "ECS refused to protect workers, more than once in a while.",
    "protection-failures": "Workers could not reach ECS to protect themselves.",
    "protection-leases-lost": (
        "Workers lost their protection while at work; their jobs were put back."
    ),
    "jobs-released": "Workers had to put jobs back before they were done.",
    # Services
    "service-slow": "One request in twenty takes longer than two seconds.",
    "service-error-rate": "One instance of the API answers many requests with a server error.",
    "service-database-slow": (
        "One call in twenty of the API to its tables takes longer than 250 ms."
    ),
    "service-sockets-full": "An instance of the API has almost as many sockets as it takes.",
    "webhook-dead-letters": "Webhooks could not be delivered for a day and were given up.",
    "events-dead-letters": "Changes of jobs could not be announced.",
    # Objectives
    "success-burn-slow": "Jobs fail so often that the month's error budget is gone in five days.",
    "pace-burn": "For hours, jobs have taken longer than their recordings last.",
}
"""What happened, by the alarm's slug."""


@dataclass(frozen=True, slots=True)
class AlarmSpec:
    """An alarm: its metric reaches `threshold` in `datapoints` of the last `periods`.

    `slug` names the alarm, what it says and its runbook; `prefix` precedes the alarm's name where
    several things have the same alarm. With `alarm_below`, the alarm is for a metric that stays
    below the threshold, or that has no data.
    """

    slug: str
    metric: cloudwatch.IMetric
    threshold: float = 1
    _: KW_ONLY
    periods: int = 1
    datapoints: int = 1
    alarm_below: bool = False
    prefix: str = ""

    @property
    def name(self) -> str:
        """The alarm's name within its environment."""
        return f"{self.prefix}-{self.slug}" if self.prefix else self.slug

    @property
    def description(self) -> str:
        """How soon a person must act, what happened, and what to do about it."""
        severity = Severity.PAGE if self.slug in _PAGES else Severity.TICKET
        summary = {**_PAGES, **_TICKETS}[self.slug]
        return f"[{severity}] {summary} What to do: docs/runbooks/{self.slug}.md"


def runbook_alarm(
    scope: Construct, spec: AlarmSpec, *, names: Names, topic: sns.ITopic
) -> cloudwatch.Alarm:
    """Return a new alarm that notifies the topic when it begins and when it ends."""
    comparison, missing = cloudwatch.ComparisonOperator, cloudwatch.TreatMissingData
    alarm = cloudwatch.Alarm(
        scope,
        "".join(word.capitalize() for word in spec.name.split("-")),
        alarm_name=names.alarm(spec.name),
        alarm_description=spec.description,
        metric=spec.metric,
        threshold=spec.threshold,
        evaluation_periods=spec.periods,
        datapoints_to_alarm=spec.datapoints,
        comparison_operator=(
            comparison.LESS_THAN_THRESHOLD
            if spec.alarm_below
            else comparison.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
        ),
        treat_missing_data=missing.BREACHING if spec.alarm_below else missing.NOT_BREACHING,
    )
    notify = actions.SnsAction(topic)
    alarm.add_alarm_action(notify)
    alarm.add_ok_action(notify)
    return alarm
