"""Gap (1.5.33, upstream): alarms ignore missing data; the state by the datapoints."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from local.emulator.cloudwatch.metric_math import Point, Series

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"

BREACHES: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def state(alarm: Mapping[str, Any], points: Series) -> str:
    """Return the state after the latest `EvaluationPeriods` datapoints, the newest last.

    What is missing counts as `TreatMissingData` says: `breaching`, `notBreaching`, `ignore` (the
    state stays) or `missing`, with which an alarm that sees nothing at all is INSUFFICIENT_DATA.
    """
    verdicts = [verdict(alarm, point) for point in points]
    known = [found for found in verdicts if found is not None]
    treatment = alarm.get("TreatMissingData") or "missing"
    if not known:
        return str(alarm["StateValue"]) if treatment == "ignore" else INSUFFICIENT_DATA
    wanted = int(alarm.get("DatapointsToAlarm") or alarm.get("EvaluationPeriods") or 1)
    # With fewer datapoints than are looked at, those that are there decide.
    return ALARM if sum(known) >= min(wanted, len(known)) else OK


def verdict(alarm: Mapping[str, Any], point: Point) -> bool | None:
    """Return whether a datapoint breaches; None when it says nothing."""
    if point is None:
        return {"breaching": True, "notBreaching": False}.get(alarm.get("TreatMissingData") or "")
    return BREACHES[alarm["ComparisonOperator"]](point, float(alarm["Threshold"]))
