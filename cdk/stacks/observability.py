"""Alarms with a runbook each, their recipients, the budget and the dashboard."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.constructs.environment_stack import EnvironmentStack
from cdk.constructs.observability import objectives
from cdk.constructs.observability.alarm_topic import AlarmTopic
from cdk.constructs.observability.chat_channel import chat_channel
from cdk.constructs.observability.cost_anomalies import cost_anomalies
from cdk.constructs.observability.custom_metric import custom_metric
from cdk.constructs.observability.dashboard import DashboardSources, dashboard_rows
from cdk.constructs.observability.monthly_budget import monthly_budget
from cdk.constructs.observability.pool_alarms import gpu_alarms, pool_alarms
from cdk.constructs.observability.runbook_alarm import AlarmSpec, Severity, runbook_alarm
from cdk.constructs.observability.service_alarms import service_alarms
from cdk.stacks.control_plane import ControlPlaneStack
from cdk.stacks.ingest import IngestStack
from cdk.stacks.processing import ProcessingStack
from cdk.stacks.service import ServiceStack
from runtime.core.contract import Metric, Output

_MINUTE = Duration.minutes(1)
_SHORT = Duration.minutes(5)
_QUARTER = Duration.minutes(15)
_HOUR = Duration.hours(1)

_LATE = 3
"""Periods evaluated: metrics extracted from log lines may arrive after their period ends."""

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
        specs = (
            *self._queues(),
            *self._jobs(),
            *self._functions(),
            *self._workers(),
            *self._summaries(),
            *(service_alarms(environment, self._answers) if self._answers else ()),
            *objectives.objective_alarms(environment),
        )
        self.alarms = {
            spec.name: runbook_alarm(self, spec, names=self.names, topic=self.alarm_topic.topic)
            for spec in specs
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

    def _queues(self) -> tuple[AlarmSpec, ...]:
        jobs = self._ingest.jobs
        return (
            AlarmSpec(
                slug="dead-letters",
                summary="Uploads could not be dispatched; their messages wait for a person.",
                metric=jobs.dead_letters.metric_approximate_number_of_messages_visible(
                    period=_MINUTE, statistic="Maximum"
                ),
            ),
            AlarmSpec(
                slug="oldest-message",
                severity=Severity.PAGE,
                summary="Uploads wait in the jobs queue for longer than usual.",
                metric=jobs.queue.metric_approximate_age_of_oldest_message(
                    period=_SHORT, statistic="Maximum"
                ),
                threshold=self._environment.alarms.oldest_message_seconds,
            ),
            AlarmSpec(
                slug="reaper-dead-letters",
                summary="The reaper failed on events for good.",
                metric=self._control_plane.dead_letters.metric_approximate_number_of_messages_visible(
                    period=_MINUTE, statistic="Maximum"
                ),
            ),
        )

    def _jobs(self) -> tuple[AlarmSpec, ...]:
        missed = Duration.minutes(_MISSED_SWEEPS * self._environment.reaper.sweep_minutes)
        return (
            AlarmSpec(
                slug="jobs-failed",
                summary="Jobs failed that no user's file or option is to blame for.",
                metric=objectives.own_failures(self._environment, _SHORT),
                periods=_LATE,
            ),
            AlarmSpec(
                slug="jobs-put-back",
                summary="Jobs had to be run again: their tasks died, hung or never started.",
                metric=self._custom(Metric.JOBS_PUT_BACK, _HOUR),
                threshold=self._environment.alarms.put_backs_an_hour,
            ),
            AlarmSpec(
                slug="tasks-stopped",
                summary="The reaper stopped tasks that hung, never began or took too long.",
                metric=self._custom(Metric.TASKS_STOPPED, _SHORT),
                periods=_LATE,
            ),
            AlarmSpec(
                slug="sweeps-missing",
                severity=Severity.PAGE,
                summary=(
                    "Stuck jobs are not recovered: the reaper's sweeps do not come to their end."
                ),
                metric=self._custom(Metric.SWEEPS_COMPLETED, missed),
                alarm_below=True,
            ),
            AlarmSpec(
                slug="launches-failed",
                severity=Severity.PAGE,
                summary="Tasks could not be started.",
                metric=self._custom(Metric.LAUNCHES_FAILED, _QUARTER),
                threshold=_LAUNCHES,
            ),
            AlarmSpec(
                slug="dispatches-failed",
                severity=Severity.PAGE,
                summary="Messages could not be worked on, for reasons that do not pass.",
                metric=self._custom(Metric.DISPATCHES_FAILED, _SHORT),
                periods=_LATE,
            ),
            AlarmSpec(
                slug="job-waiting",
                summary="A job waits long for capacity, a worker or a service.",
                metric=custom_metric(
                    self._environment, Metric.LONGEST_WAIT_SECONDS, _QUARTER, "Maximum"
                ),
                threshold=60 * self._environment.alarms.job_wait_minutes,
            ),
            AlarmSpec(
                slug="uploads-without-job",
                summary="Uploads had no job, because their event was lost.",
                metric=self._custom(Metric.UPLOADS_WITHOUT_JOB, _QUARTER),
            ),
        )

    def _functions(self) -> tuple[AlarmSpec, ...]:
        reaper = self._control_plane.reaper.function
        return (
            AlarmSpec(
                slug="dispatcher-errors",
                severity=Severity.PAGE,
                summary="The dispatcher crashed, ran out of time or could not start.",
                metric=self._dispatcher.metric_errors(period=_SHORT),
            ),
            AlarmSpec(
                slug="dispatcher-throttles",
                summary="Lambda had no room to run the dispatcher.",
                metric=self._dispatcher.metric_throttles(period=_SHORT),
            ),
            AlarmSpec(
                slug="reaper-errors",
                summary="The reaper crashed, ran out of time or could not look after some jobs.",
                metric=reaper.metric_errors(period=_SHORT),
            ),
        )

    def _workers(self) -> tuple[AlarmSpec, ...]:
        workers = self._environment.workers
        return (
            *(pool_alarms(self._environment, max_tasks=workers.max_tasks) if workers else ()),
            *gpu_alarms(self._environment),
        )

    def _summaries(self) -> tuple[AlarmSpec, ...]:
        if self._environment.summary is None:
            return ()
        return (
            AlarmSpec(
                slug="summary-fallbacks",
                summary="Summaries consist of quotes: the model failed, or its budget is spent.",
                metric=self._custom(Metric.SUMMARY_FALLBACKS, _HOUR),
                threshold=_FALLBACKS,
            ),
        )

    def _custom(self, metric: Metric, period: Duration) -> cloudwatch.Metric:
        return custom_metric(self._environment, metric, period)

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
