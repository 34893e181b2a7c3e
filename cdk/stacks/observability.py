"""Who is told when something ends badly: metrics, an alarm with a runbook for each, a dashboard."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.constructs.environment_stack import EnvironmentStack
from cdk.constructs.observability.alarm_topic import AlarmTopic
from cdk.constructs.observability.chat_channel import chat_channel
from cdk.constructs.observability.custom_metric import own_metric
from cdk.constructs.observability.dashboard import Watched, dashboard_rows
from cdk.constructs.observability.monthly_budget import monthly_budget
from cdk.constructs.observability.pool_alarms import gpu_watches, pool_watches
from cdk.constructs.observability.runbook_alarm import Watch, runbook_alarm
from cdk.stacks.control_plane import ControlPlaneStack
from cdk.stacks.ingest import IngestStack
from cdk.stacks.processing import ProcessingStack
from runtime.core.contract import Metric, Output

_MINUTE = Duration.minutes(1)
_SHORT = Duration.minutes(5)
_QUARTER = Duration.minutes(15)
_HOUR = Duration.hours(1)

_LATE = 3
"""Periods looked back at: metrics made of log lines may arrive after their period is over."""

_LAUNCHES = 3
"""Failed launches in a quarter of an hour: one message is good for five, two minutes apart."""

_MISSED_SWEEPS = 3


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
        self.alarm_topic = AlarmTopic(
            self,
            "Alarms",
            names=self.names,
            emails=environment.alarms.emails,
            key=key,
        )
        watches = (*self._queues(), *self._jobs(), *self._functions(), *self._workers())
        self.alarms = {
            watch.name: runbook_alarm(self, watch, names=self.names, topic=self.alarm_topic.topic)
            for watch in watches
        }
        self._tell_of_money_and_in_chat()
        self._show()
        self.output(Output.ALARM_TOPIC, self.alarm_topic.topic.topic_arn, "Whom alarms tell")

    def _tell_of_money_and_in_chat(self) -> None:
        budget, chat = self._environment.budget, self._environment.chat
        topic = self.alarm_topic.topic
        if budget is not None:
            monthly_budget(self, "Budget", names=self.names, usd=budget.monthly_usd, topic=topic)
        if chat is not None:
            chat_channel(
                self,
                "Chat",
                names=self.names,
                workspace=chat.slack_workspace,
                channel=chat.slack_channel,
                topic=topic,
            )

    def _queues(self) -> tuple[Watch, ...]:
        jobs = self._ingest.jobs
        return (
            Watch(
                page="dead-letters",
                says="Uploads could not be dispatched; their messages wait for a person.",
                metric=jobs.dead_letters.metric_approximate_number_of_messages_visible(
                    period=_MINUTE, statistic="Maximum"
                ),
            ),
            Watch(
                page="oldest-message",
                says="Uploads wait in the jobs queue for longer than usual.",
                metric=jobs.queue.metric_approximate_age_of_oldest_message(
                    period=_SHORT, statistic="Maximum"
                ),
                threshold=self._environment.alarms.oldest_message_seconds,
            ),
            Watch(
                page="reaper-dead-letters",
                says="The reaper failed on events for good.",
                metric=self._control_plane.dead_letters.metric_approximate_number_of_messages_visible(
                    period=_MINUTE, statistic="Maximum"
                ),
            ),
        )

    def _jobs(self) -> tuple[Watch, ...]:
        missed = Duration.minutes(_MISSED_SWEEPS * self._environment.reaper.sweep_minutes)
        return (
            Watch(
                page="jobs-failed",
                says="Jobs ended as FAILED.",
                metric=self._own(Metric.JOBS_FAILED, _SHORT),
                periods=_LATE,
            ),
            Watch(
                page="jobs-put-back",
                says="Jobs had to be run again: their tasks died, hung or never started.",
                metric=self._own(Metric.JOBS_PUT_BACK, _HOUR),
                threshold=self._environment.alarms.put_backs_an_hour,
            ),
            Watch(
                page="tasks-stopped",
                says="The reaper stopped tasks that hung, never began or took too long.",
                metric=self._own(Metric.TASKS_STOPPED, _SHORT),
                periods=_LATE,
            ),
            Watch(
                page="sweeps-missing",
                says="Nobody looks after stuck jobs: the reaper's sweeps do not come to their end.",
                metric=self._own(Metric.SWEEPS_COMPLETED, missed),
                silence=True,
            ),
            Watch(
                page="launches-failed",
                says="Tasks could not be started.",
                metric=self._own(Metric.LAUNCHES_FAILED, _QUARTER),
                threshold=_LAUNCHES,
            ),
            Watch(
                page="dispatches-failed",
                says="Messages could not be worked on, for reasons that do not pass.",
                metric=self._own(Metric.DISPATCHES_FAILED, _SHORT),
                periods=_LATE,
            ),
        )

    def _functions(self) -> tuple[Watch, ...]:
        reaper = self._control_plane.reaper.function
        return (
            Watch(
                page="dispatcher-errors",
                says="The dispatcher crashed, ran out of time or could not start.",
                metric=self._dispatcher.metric_errors(period=_SHORT),
            ),
            Watch(
                page="dispatcher-throttles",
                says="Lambda had no room to run the dispatcher.",
                metric=self._dispatcher.metric_throttles(period=_SHORT),
            ),
            Watch(
                page="reaper-errors",
                says="The reaper crashed, ran out of time or could not look after some jobs.",
                metric=reaper.metric_errors(period=_SHORT),
            ),
        )

    def _workers(self) -> tuple[Watch, ...]:
        workers = self._environment.workers
        return (
            *(pool_watches(self._environment, max_tasks=workers.max_tasks) if workers else ()),
            *gpu_watches(self._environment),
        )

    def _own(self, metric: Metric, period: Duration) -> cloudwatch.Metric:
        return own_metric(self._environment, metric, period)

    def _show(self) -> None:
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=self.names.dashboard,
            widgets=dashboard_rows(
                self._environment,
                Watched(
                    alarms=tuple(self.alarms.values()),
                    jobs=self._ingest.jobs,
                    dispatcher=self._dispatcher,
                    reaper=self._control_plane.reaper.function,
                ),
            ),
        )
