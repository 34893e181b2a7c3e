"""Gap (1.5.33, upstream): no Application Auto Scaling; its targets and policies.

Upstream without the shorter periods.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.emulator.autoscaling.step_scaling import next_capacity
from local.emulator.time_scale import scaled
from runtime.core.clock import MonotonicClock

Request = Mapping[str, Any]
Record = dict[str, Any]

IDENTITY = ("ServiceNamespace", "ResourceId", "ScalableDimension")


class NoSuchObjectError(LookupError):
    """A scalable target or policy that a call names does not exist."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many there are of what a target scales, and how to change that."""

    read: Callable[[str], int | None]
    write: Callable[[str, int], None]


@dataclass(slots=True)
class LastScaling:
    """What a policy did last: when, and the capacity it grew from (None if it did not grow)."""

    at: float
    grown_from: int | None


@dataclass(frozen=True, slots=True)
class ScalableTargets:
    """The targets and policies of one account and region."""

    capacity: Capacity
    clock: MonotonicClock
    prefix: str
    """`REGION:ACCOUNT` of ARNs."""

    targets: dict[tuple[str, ...], Record] = field(default_factory=dict)
    policies: dict[str, Record] = field(default_factory=dict)
    """By ARN."""

    _acted: dict[str, LastScaling] = field(default_factory=dict)

    def register(self, request: Request) -> Record:
        """Register a target or change its bounds, and bring it within them."""
        key = identity(request)
        arn = f"arn:aws:application-autoscaling:{self.prefix}:scalable-target/{uuid.uuid4().hex}"
        known = self.targets.get(key, {"ScalableTargetARN": arn, "SuspendedState": {}})
        given = ("MinCapacity", "MaxCapacity", "RoleARN", "SuspendedState")
        target = {
            **known,
            **dict(zip(IDENTITY, key, strict=True)),
            **{name: request[name] for name in given if request.get(name) is not None},
        }
        self.targets[key] = target
        current = self.capacity.read(key[1])
        if current is not None:
            self._set(target, current, current)
        return target

    def deregister(self, request: Request) -> None:
        """Forget a target and its policies; raise `NoSuchObjectError`."""
        key = identity(request)
        if self.targets.pop(key, None) is None:
            raise NoSuchObjectError(f"No scalable target found for {key}")
        for arn in [a for a, policy in self.policies.items() if identity(policy) == key]:
            del self.policies[arn]

    def put_policy(self, request: Request) -> Record:
        """Create or change a policy by its name; raise `NoSuchObjectError` without its target."""
        key = identity(request)
        if key not in self.targets:
            raise NoSuchObjectError(f"No scalable target registered for {key}")
        arn = self.find_policy(request) or (
            f"arn:aws:autoscaling:{self.prefix}:scalingPolicy:{uuid.uuid4()}:resource/{key[0]}/"
            f"{key[1]}:policyName/{request['PolicyName']}"
        )
        policy = self.policies.setdefault(arn, {"Alarms": [], "PolicyARN": arn})
        policy.update(request)
        return policy

    def find_policy(self, request: Request) -> str | None:
        """Return the ARN of the policy that a request names."""
        wanted = policy_identity(request)
        return next((a for a, p in self.policies.items() if policy_identity(p) == wanted), None)

    def delete_policy(self, arn: str) -> None:
        """Forget a policy; raise `NoSuchObjectError`."""
        if self.policies.pop(arn, None) is None:
            raise NoSuchObjectError(f"No scaling policy {arn}")

    def scale(self, arn: str, breach: float) -> int | None:
        """Apply a step policy; return the new capacity, None when nothing changes.

        `breach` is the alarm's value minus its threshold. Other kinds of policies do nothing.
        """
        policy = self.policies.get(arn, {})
        steps = policy.get("StepScalingPolicyConfiguration")
        if not steps:
            return None
        target = self.targets[identity(policy)]
        current = self.capacity.read(target["ResourceId"])
        if current is None:
            return None
        now = self.clock.monotonic()
        acted = self._acted.get(arn)
        cooldown = scaled(float(steps.get("Cooldown") or 0))
        capacity = next_capacity(
            steps,
            current,
            breach,
            grown_from=acted.grown_from if acted else None,
            cooling=acted is not None and now < acted.at + cooldown,
        )
        if capacity is None or suspended(target, grows=capacity > current):
            return None
        changed = self._set(target, current, capacity)
        if changed is not None:
            self._acted[arn] = LastScaling(now, current if changed > current else None)
        return changed

    def _set(self, target: Record, current: int, capacity: int) -> int | None:
        bounded = max(int(target["MinCapacity"]), min(int(target["MaxCapacity"]), capacity))
        if bounded == current:
            return None
        self.capacity.write(target["ResourceId"], bounded)
        return bounded


def identity(request: Request) -> tuple[str, ...]:
    """Return what names a target."""
    return tuple(str(request[name]) for name in IDENTITY)


def policy_identity(request: Request) -> tuple[str, ...]:
    """Return what names a policy."""
    return *identity(request), str(request["PolicyName"])


def suspended(target: Record, *, grows: bool) -> bool:
    """Return whether no policy may scale a target in that direction."""
    direction = "Out" if grows else "In"
    return bool(target["SuspendedState"].get(f"DynamicScaling{direction}Suspended"))
