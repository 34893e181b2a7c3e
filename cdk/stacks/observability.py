"""Alarms with a runbook each, their recipients, the budget and the dashboard."""

from collections.abc import Iterator

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.constructs.environment_stack import EnvironmentStack
from cdk.constructs.observability import objectives
from cdk.constructs.observability.alarm_topic import AlarmTopic
from cdk.constructs.observability.chat_channel import chat_channel
from cdk.constructs.observability.cost_anomalies import cost_anomalies
from cdk.constructs.observability.dashboard import DashboardSources, dashboard_rows
from cdk.constructs.observability.metrics import HOUR, MINUTE, QUARTER, SHORT, custom_metric
from cdk.constructs.observability.monthly_budget import monthly_budget
from cdk.constructs.observability.pool_alarms import pool_alarms
from cdk.constructs.observability.runbook_alarm import LATE, AlarmSpec, runbook_alarm
from cdk.constructs.observability.service_alarms import service_alarms
from cdk.stacks.control_plane import ControlPlaneStack
from cdk.stacks.ingest import IngestStack
from cdk.stacks.processing import ProcessingStack
from cdk.stacks.service import ServiceStack
from runtime.core.contract import Metric, Output

_LAUNCHES = 3
"""Failed launches in a quarter of an hour: one message causes up to five, two minutes apart."""

_MISSED_SWEEPS = 3

_FALLBACKS = 3
"""Summaries in an hour without the model: one or two may meet a throttle that passes."""


class ObservabilityStack(EnvironmentStack):
    """`alarms` by their name, and `alarm_topic`."""

    def __init__(
        self,
        scope: Construct,
        *,
        environment: EnvironmentConfig,
        key: kms.IKey | None,
        ingest: IngestStack,
        processing: ProcessingStack,
        control_plane: ControlPlaneStack,
        service: ServiceStack | None,
    ) -> None:
        super().__init__(
            scope,
            "Observability",
            environment=environment,
            description="Lifestream: alarms, whom they tell, dashboard",
            key=key,
        )
        self._environment = environment
        self._ingest = ingest
        self._dispatcher = processing.dispatcher.function
        self._control_plane = control_plane
        self._answers = service.answers if service else None
        self.alarm_topic = AlarmTopic(
            self,
            "Alarms",
            names=self.names,
            emails=environment.alarms.emails,
            key=key,
            anomalies=bool(environment.budget and environment.budget.anomaly_usd),
        )
        self.alarms = {
            spec.name: runbook_alarm(self, spec, names=self.names, topic=self.alarm_topic.topic)
            for spec in self._specs()
        }
        self._add_budget_and_chat()
        self._add_dashboard()
        self.output(Output.ALARM_TOPIC, self.alarm_topic.topic.topic_arn, "Whom alarms tell")

    def _add_budget_and_chat(self) -> None:
        budget, chat = self._environment.budget, self._environment.chat
        topic = self.alarm_topic.topic
        if budget is not None:
            monthly_budget(self, "Budget", names=self.names, usd=budget.monthly_usd, topic=topic)
        if budget is not None and budget.anomaly_usd is not None:
            cost_anomalies(self, "Anomalies", names=self.names, usd=budget.anomaly_usd, topic=topic)
        if chat is not None:
            chat_channel(
                self,
                "Chat",
                names=self.names,
                workspace=chat.slack_workspace,
                channel=chat.slack_channel,
                topic=topic,
            )

    def _specs(self) -> Iterator[AlarmSpec]:
        given, custom = self._environment, self._custom
        jobs, reaper = self._ingest.jobs, self._control_plane.reaper.function
        missed = Duration.minutes(_MISSED_SWEEPS * given.reaper.sweep_minutes)
        age = jobs.queue.metric_approximate_age_of_oldest_message(period=SHORT, statistic="Maximum")
        wait = custom(Metric.LONGEST_WAIT_SECONDS, QUARTER, "Maximum")
        put_back, stopped = custom(Metric.JOBS_PUT_BACK, HOUR), custom(Metric.TASKS_STOPPED, SHORT)
        refused = custom(Metric.DISPATCHES_FAILED, SHORT)
        yield AlarmSpec("dead-letters", _messages(jobs.dead_letters))
        yield AlarmSpec("oldest-message", age, given.alarms.oldest_message_seconds)
        yield AlarmSpec("reaper-dead-letters", _messages(self._control_plane.dead_letters))
        yield AlarmSpec("jobs-failed", objectives.own_failures(given, SHORT), periods=LATE)
        yield AlarmSpec("jobs-put-back", put_back, given.alarms.put_backs_an_hour)
        yield AlarmSpec("tasks-stopped", stopped, periods=LATE)
        yield AlarmSpec("sweeps-missing", custom(Metric.SWEEPS_COMPLETED, missed), alarm_below=True)
        yield AlarmSpec("launches-failed", custom(Metric.LAUNCHES_FAILED, QUARTER), _LAUNCHES)
        yield AlarmSpec("dispatches-failed", refused, periods=LATE)
        yield AlarmSpec("job-waiting", wait, 60 * given.alarms.job_wait_minutes)
        yield AlarmSpec("uploads-without-job", custom(Metric.UPLOADS_WITHOUT_JOB, QUARTER))
        yield AlarmSpec("dispatcher-errors", self._dispatcher.metric_errors(period=SHORT))
        yield AlarmSpec("dispatcher-throttles", self._dispatcher.metric_throttles(period=SHORT))
        yield AlarmSpec("reaper-errors", reaper.metric_errors(period=SHORT))
        yield from pool_alarms(given)
        if given.summary is not None:
            fallbacks = custom(Metric.SUMMARY_FALLBACKS, HOUR)
            yield AlarmSpec("summary-fallbacks", fallbacks, _FALLBACKS)
        if self._answers:
            yield from service_alarms(given, self._answers)
        yield from objectives.objective_alarms(given)

    def _custom(
        self, metric: Metric, period: Duration, statistic: str = "Sum"
    ) -> cloudwatch.Metric:
        return custom_metric(self._environment, metric, period, statistic)

    def _add_dashboard(self) -> None:
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=self.names.dashboard,
            widgets=dashboard_rows(
                self._environment,
                DashboardSources(
                    alarms=tuple(self.alarms.values()),
                    jobs=self._ingest.jobs,
                    dispatcher=self._dispatcher,
                    reaper=self._control_plane.reaper.function,
                    answers=self._answers,
                ),
            ),
        )


def _messages(queue: sqs.IQueue) -> cloudwatch.Metric:
    return queue.metric_approximate_number_of_messages_visible(period=MINUTE, statistic="Maximum")
