"""Gap (1.5.33, upstream): alarms are not evaluated and drive no scaling policy.

Every second each alarm is evaluated; while one is in ALARM, its scaling policies act each period.
Upstream without the shorter periods.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch, ecs, sqs
from ministack.services.cloudformation import provisioners

from local.emulator.autoscaling.api import AutoScaling
from local.emulator.cloudwatch.alarm_state import ALARM, state
from local.emulator.cloudwatch.metric_math import Series
from local.emulator.cloudwatch.metric_series import POLICY, alarm_series
from local.emulator.cloudwatch.service_metrics import publish
from local.emulator.patching import around, replace
from local.emulator.time_scale import scaled
from runtime.core.clock import Clock, SystemClock

INTERVAL_SECONDS = 1.0
POLICY_PERIOD_SECONDS = 60.0
"""How often a policy acts while its alarm lasts, in AWS's time."""

Alarm = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AlarmEvaluator:
    """Publishes metrics, evaluates alarms and runs their actions."""

    scaling: AutoScaling
    clock: Clock
    _acted_at: dict[str, float] = field(default_factory=dict)

    def run(self) -> None:
        """Evaluate all alarms every second, for ever."""
        while True:
            self.clock.sleep(INTERVAL_SECONDS)
            self.evaluate_all()

    def evaluate_all(self) -> None:
        """Publish metrics and evaluate once, in every account and region with resources."""
        scopes = {
            (account, region)
            for store in (cloudwatch._alarms, sqs._queues, ecs._services)
            for account, region, _ in list(store._data)
        }
        for account, region in scopes:
            with request_scope(account, region):
                publish(self.clock.now())
                for alarm in list(cloudwatch._alarms.values()):
                    self.evaluate(alarm)

    def evaluate(self, alarm: Alarm) -> None:
        """Evaluate one alarm; an error in it is logged and leaves its state."""
        try:
            series = alarm_series(alarm, self.clock.now())
            change(alarm, state(alarm, series), series, self.clock.now())
        except Exception:  # noqa: BLE001 - the other alarms go on
            cloudwatch.logger.exception("cannot evaluate %s", alarm["AlarmName"])
            return
        if alarm["StateValue"] == ALARM and series[-1] is not None:
            self._scale(alarm, series[-1] - float(alarm["Threshold"]))
        else:
            self._acted_at.pop(alarm["AlarmArn"], None)

    def _scale(self, alarm: Alarm, breach: float) -> None:
        if not alarm.get("ActionsEnabled", True):
            return
        now = self.clock.monotonic()
        due = self._acted_at.get(alarm["AlarmArn"], 0.0) + scaled(POLICY_PERIOD_SECONDS)
        if alarm["AlarmArn"] in self._acted_at and now < due:
            return
        self._acted_at[alarm["AlarmArn"]] = now
        for action in alarm.get("AlarmActions") or []:
            if POLICY in action:
                self.scaling.current().scale(action, breach)


def change(alarm: Alarm, to: str, series: Series, now: float) -> None:
    """Set an alarm's state; a change is recorded and announced to topics and parent alarms."""
    before = alarm["StateValue"]
    if to == before:
        return
    reason = f"{list(series)} against {alarm['Threshold']} ({alarm['ComparisonOperator']})"
    alarm.update(StateValue=to, StateReason=reason, StateUpdatedTimestamp=int(now))
    cloudwatch._record_history(alarm["AlarmName"], before, to, reason)
    cloudwatch._dispatch_alarm_actions(alarm, before, to, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def install(scaling: AutoScaling) -> AlarmEvaluator:
    """Evaluate alarms repeatedly by CloudWatch's rules, and accept metric math."""
    evaluator = AlarmEvaluator(scaling, SystemClock())
    replace(cloudwatch, "_evaluate_alarm", evaluator.evaluate)

    @around(provisioners, "_cw_metric_alarm_record")
    def record(original: Any, name: str, properties: Mapping[str, Any]) -> Any:
        queries = properties.get("Metrics")
        if not queries:
            return original(name, properties)
        plain = {**properties, "MetricName": "none", "Namespace": "none", "Metrics": None}
        return with_queries(original(name, plain), queries)

    @around(cloudwatch, "_put_metric_alarm")
    def put(original: Any, params: Any, given: Mapping[str, Any], *rest: Any) -> Any:
        answer = original(params, given, *rest)
        alarm = cloudwatch._alarms.get(given.get("AlarmName")) if given.get("Metrics") else None
        if alarm:
            with_queries(alarm, given["Metrics"])
        return answer

    threading.Thread(target=evaluator.run, name="alarms", daemon=True).start()
    return evaluator


def with_queries(alarm: Alarm, queries: list[Any]) -> Alarm:
    """Return an alarm on metric math: it has queries in place of a metric."""
    for name in ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Unit"):
        alarm.pop(name, None)
    alarm["Dimensions"] = []
    alarm["Metrics"] = [typed(query) for query in queries]
    return alarm


def typed(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a query with the types of the API, which a template may write as text."""
    found = dict(query)
    if "ReturnData" in found:
        found["ReturnData"] = str(found["ReturnData"]).lower() == "true"
    if statistic := found.get("MetricStat"):
        found["MetricStat"] = {**statistic, "Period": int(statistic["Period"])}
    if "Period" in found:
        found["Period"] = int(found["Period"])
    return found
