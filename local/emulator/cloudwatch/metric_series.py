"""Gap (1.5.33, upstream): alarms ignore dimensions and periods; a metric's latest values.

Upstream without the shorter periods.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from ministack.services import cloudwatch, ecs

from local.emulator.cloudwatch.metric_math import Point, Series, evaluate
from local.emulator.ecs.records import deployment_alarms
from local.emulator.time_scale import scaled

POLICY = ":scalingPolicy:"
"""In the ARN of every scaling policy."""

LATE_SECONDS = 60.0
"""How much out of order metrics may be stored."""

WORD = re.compile(r"\w+")

Metric = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Window:
    """The latest `count` periods before `now`; `scale` is how much shorter than said they are."""

    now: float
    count: int
    scale: float = 1.0


def alarm_series(alarm: Metric, now: float) -> Series:
    """Return the latest datapoints of what an alarm watches, the newest last.

    The periods of an alarm that drives scaling or watches deployments are shorter than on AWS,
    those of others are not: what they watch may happen by the clock.
    """
    scale = scaled(1.0) if is_scaling(alarm) or alarm["AlarmName"] in watching() else 1.0
    window = Window(now, int(alarm.get("EvaluationPeriods") or 1), scale)
    if not alarm.get("Metrics"):
        statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
        return metric_series(alarm, statistic, float(alarm.get("Period") or 60), window)
    return query_series(alarm["Metrics"], window)


def is_scaling(alarm: Metric) -> bool:
    """Return whether an alarm drives a scaling policy."""
    return any(POLICY in action for action in alarm.get("AlarmActions") or ())


def watching() -> set[str]:
    """Return the names of the alarms that roll deployments of services back."""
    return {name for each in list(ecs._services.values()) for name in deployment_alarms(each)}


def query_series(queries: Sequence[Metric], window: Window) -> Series:
    """Return the series of that query which returns data, over all the others.

    Raises `ValueError` for expressions that need one another.
    """
    series = {
        query["Id"]: metric_series(found["Metric"], found["Stat"], float(found["Period"]), window)
        for query in queries
        if (found := query.get("MetricStat"))
    }
    expressions = {q["Id"]: q["Expression"] for q in queries if q.get("Expression")}
    needed = {
        identifier: (expressions.keys() & WORD.findall(expression)) - {identifier}
        for identifier, expression in expressions.items()
    }
    for identifier in TopologicalSorter(needed).static_order():
        series[identifier] = evaluate(expressions[identifier], series)
    return next(series[query["Id"]] for query in queries if is_returned(query))


def is_returned(query: Metric) -> bool:
    """Return whether a query's series is the alarm's; it is unless it says otherwise."""
    return str(query.get("ReturnData", True)).lower() == "true"


def metric_series(metric: Metric, statistic: str, period_seconds: float, window: Window) -> Series:
    """Return one statistic for each of the latest periods."""
    count, length = window.count, period_seconds * window.scale
    wanted = {d["Name"]: d["Value"] for d in metric.get("Dimensions") or []}
    key = (metric["Namespace"], metric["MetricName"], cloudwatch._dims_key(wanted))
    buckets: list[list[Any]] = [[] for _ in range(count)]
    for point in reversed(cloudwatch._metrics.get(key) or []):
        age = window.now - point["Timestamp"]
        if age > count * length + LATE_SECONDS:
            break
        if 0 <= age < count * length:
            buckets[count - 1 - int(age / length)].append(point)
    return tuple(statistic_of(points, statistic) for points in buckets)


def statistic_of(points: Sequence[Any], statistic: str) -> Point:
    """Return a statistic of stored points, None without any."""
    if not points:
        return None
    value = cloudwatch._stat_value(cloudwatch._calc_stats(points), statistic, points)
    return None if value is None else float(value)
