"""Gap (1.5.33, upstream): no Application Auto Scaling; the capacity a step policy asks for."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

PERCENT = 100

Step = Mapping[str, Any]


def new_capacity(policy: Mapping[str, Any], current: int, breach: float) -> int | None:
    """Return the capacity that a policy wants; None if none of its steps fits.

    `policy` is a `StepScalingPolicyConfiguration`; `breach` is the metric's value minus the
    alarm's threshold.
    """
    step = matching(policy.get("StepAdjustments") or [], breach)
    if step is None:
        return None
    adjustment = int(step["ScalingAdjustment"])
    match policy["AdjustmentType"]:
        case "ExactCapacity":
            return adjustment
        case "PercentChangeInCapacity":
            change = current * adjustment / PERCENT
            least = int(policy.get("MinAdjustmentMagnitude") or 1)
            whole = math.floor(abs(change)) if abs(change) > 1 else math.ceil(abs(change))
            return current + int(math.copysign(max(whole, least), adjustment))
        case _:
            return current + adjustment


def matching(steps: Sequence[Step], breach: float) -> Step | None:
    """Return the step whose interval a breach is in.

    Above the threshold the lower bound belongs to it, below the threshold the upper one does.
    """
    for step in steps:
        lower = bound(step.get("MetricIntervalLowerBound"), -math.inf)
        upper = bound(step.get("MetricIntervalUpperBound"), math.inf)
        inside = lower <= breach < upper if breach >= 0 and lower >= 0 else lower < breach <= upper
        if inside:
            return step
    return None


def bound(given: Any, absent: float) -> float:
    """Return an interval's bound."""
    return absent if given is None else float(given)


def next_capacity(
    policy: Mapping[str, Any], current: int, breach: float, *, grown_from: int | None, cooling: bool
) -> int | None:
    """Return the capacity a policy asks for now, None for no change.

    Within its cooldown it may only add what a larger step asks for, counted from the capacity
    `grown_from` that it grew from; None if it did not grow.
    """
    if not cooling:
        return new_capacity(policy, current, breach)
    if grown_from is None:
        return None
    more = new_capacity(policy, grown_from, breach)
    return more if more is not None and more > current else None
