from typing import Any

import pytest

from local.emulator.autoscaling.scalable_targets import Capacity, NoSuchObjectError, ScalableTargets
from local.emulator.autoscaling.step_scaling import new_capacity
from local.emulator.time_scale import scaled
from tests.fakes.clock import FakeClock

SERVICE = "service/any-cluster/any-service"
NAMES = {
    "ServiceNamespace": "ecs",
    "ResourceId": SERVICE,
    "ScalableDimension": "ecs:service:DesiredCount",
}


class Pool:
    """A service of so many tasks, and Application Auto Scaling that changes it."""

    def __init__(self, tasks: int = 0, *, most: int = 10) -> None:
        self.tasks = tasks
        self.clock = FakeClock()
        self.targets = ScalableTargets(
            Capacity(lambda _: self.tasks, self._write), self.clock, "any-region:any-account"
        )
        self.targets.register({**NAMES, "MinCapacity": 0, "MaxCapacity": most})

    def _write(self, _resource: str, count: int) -> None:
        self.tasks = count

    def policy(self, kind: str, *steps: dict[str, Any], cooldown: int = 0) -> str:
        arn: str = self.targets.put_policy(
            {
                **NAMES,
                "PolicyName": kind,
                "PolicyType": "StepScaling",
                "StepScalingPolicyConfiguration": {
                    "AdjustmentType": kind,
                    "Cooldown": cooldown,
                    "StepAdjustments": steps,
                },
            }
        )["PolicyARN"]
        return arn


def step(adjustment: int, lower: float | None = None, upper: float | None = None) -> dict[str, Any]:
    bounds = {"MetricIntervalLowerBound": lower, "MetricIntervalUpperBound": upper}
    return {"ScalingAdjustment": adjustment, **{k: v for k, v in bounds.items() if v is not None}}


GROW = (step(1, 0, 1), step(2, 1, 2), step(3, 2))


def test_should_add_what_the_step_says() -> None:
    pool = Pool(tasks=1)
    grow = pool.policy("ChangeInCapacity", *GROW)
    assert pool.targets.scale(grow, 1.0) == 3
    assert pool.tasks == 3


def test_should_stay_within_its_bounds() -> None:
    pool = Pool(tasks=1, most=2)
    assert pool.targets.scale(pool.policy("ChangeInCapacity", *GROW), 5.0) == 2
    shrink = pool.policy("ExactCapacity", step(-5, upper=0))
    assert pool.targets.scale(shrink, -1.0) == 0


def test_should_bring_a_service_within_new_bounds() -> None:
    pool = Pool(tasks=5)
    pool.targets.register({**NAMES, "MaxCapacity": 3})
    assert pool.tasks == 3


@pytest.mark.parametrize(("suspended", "allowed"), [("Out", {"Shrink"}), ("In", {"Grow"})])
def test_should_not_scale_in_a_direction_that_is_suspended(
    suspended: str, allowed: set[str]
) -> None:
    for name, steps, breach in (("Grow", GROW, 1.0), ("Shrink", (step(-1, upper=0),), -1.0)):
        pool = Pool(tasks=2)
        state = {f"DynamicScaling{suspended}Suspended": True}
        pool.targets.register({**NAMES, "SuspendedState": state})
        pool.targets.scale(pool.policy("ChangeInCapacity", *steps), breach)
        assert (pool.tasks != 2) == (name in allowed)


def test_should_only_add_what_a_larger_step_asks_for_while_it_cools_down() -> None:
    pool = Pool()
    grow = pool.policy("ChangeInCapacity", *GROW, cooldown=60)
    assert pool.targets.scale(grow, 0.0) == 1
    assert pool.targets.scale(grow, 0.0) is None
    assert pool.targets.scale(grow, 2.0) == 3
    pool.clock.advance(scaled(60))
    assert pool.targets.scale(grow, 0.0) == 4


def test_should_not_shrink_twice_while_it_cools_down() -> None:
    pool = Pool(tasks=5)
    shrink = pool.policy("ChangeInCapacity", step(-1, upper=0), cooldown=60)
    assert pool.targets.scale(shrink, -1.0) == 4
    assert pool.targets.scale(shrink, -1.0) is None
    pool.clock.advance(scaled(60))
    assert pool.targets.scale(shrink, -1.0) == 3


@pytest.mark.parametrize(
    ("breach", "expected"), [(-4.0, 0), (-3.5, 1), (-3.0, 1), (-2.0, 2), (-0.5, 9), (0.5, None)]
)
def test_should_find_the_step_below_a_threshold(breach: float, expected: int | None) -> None:
    steps = [step(0, upper=-4), step(1, -4, -3), step(2, -3, -2), step(9, -2, 0)]
    policy = {"AdjustmentType": "ExactCapacity", "StepAdjustments": steps}
    assert new_capacity(policy, 7, breach) == expected


@pytest.mark.parametrize(
    ("current", "change", "expected"), [(10, 25, 12), (1, 50, 2), (10, -25, 8)]
)
def test_should_change_by_a_percentage(current: int, change: int, expected: int) -> None:
    policy = {"AdjustmentType": "PercentChangeInCapacity", "StepAdjustments": [step(change)]}
    assert new_capacity(policy, current, 1.0) == expected


def test_should_want_a_target_before_a_policy() -> None:
    pool = Pool()
    pool.targets.deregister(NAMES)
    with pytest.raises(NoSuchObjectError):
        pool.policy("ChangeInCapacity", *GROW)


def test_should_keep_target_tracking_but_do_nothing() -> None:
    pool = Pool(tasks=2)
    tracking = pool.targets.put_policy(
        {**NAMES, "PolicyName": "any", "PolicyType": "TargetTrackingScaling"}
    )
    assert pool.targets.scale(tracking["PolicyARN"], 5.0) is None
