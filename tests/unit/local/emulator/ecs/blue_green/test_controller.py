"""A blue/green deployment over ministack's records: tasks, rules, alarms, and its descriptions."""

from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import alb, cloudwatch

from local.emulator.ecs.blue_green import descriptions
from local.emulator.ecs.blue_green.controller import BlueGreen, Tasks
from local.emulator.ecs.blue_green.hooks import HookRunner
from local.emulator.ecs.blue_green.run import RUN, STOP, groups_of, run_of
from local.emulator.ecs.blue_green.stages import ORDER, Stage
from local.emulator.load_balancing.weighted_rules import forward, weights
from local.emulator.time_scale import scaled
from tests.fakes.clock import FakeClock
from tests.unit.local.emulator.ecs.blue_green.services import (
    ALTERNATE,
    NEW,
    OLD,
    OTHER,
    PRIMARY,
    PRODUCTION,
    TEST,
    deployment,
    rules,
    service,
)

Record = dict[str, Any]
LATER = "ecs-svc/00000000000000000003"


class Cloud:
    """A service whose tasks start and end at once, except those of a version that is `bad`."""

    def __init__(self, record: Record, *, bad: str = "") -> None:
        self.record, self.bad = record, bad
        self.clock = FakeClock()
        runner = HookRunner(self.answer, self.clock, lambda run: run())
        self.blue_green = BlueGreen(self.clock, runner)
        self.tasks = {OLD: 2} if len(record["deployments"]) > 1 else {}
        self.hook_status = "SUCCEEDED"
        self.events: list[Record] = []
        self.stages: list[str] = []

    @property
    def primary(self) -> Record:
        return next(d for d in self.record["deployments"] if d["status"] == "PRIMARY")

    def answer(self, _hook: Any, event: Any) -> Record:
        self.events.append(event)
        return {"hookStatus": self.hook_status}

    def step(self, seconds: float = 1.0) -> None:
        self.clock.advance(seconds)
        primary = self.primary
        if primary["rolloutState"] != "IN_PROGRESS":
            return
        serving = {k: v for k, v in self.tasks.items() if k != self.bad}
        counted = self.blue_green.step(self.record, primary, Tasks(self.tasks, serving))
        self.tasks = {k: v for k, v in counted.by_deployment.items() if v}
        if self.bad in self.tasks:
            self.blue_green.record_failure(self.record, {"_deployment_id": self.bad})
        run = run_of(primary)
        assert run is not None
        if not self.stages or self.stages[-1] != run.progress.stage:
            self.stages.append(run.progress.stage)

    def run_to(self, stage: Stage) -> None:
        for _ in range(60):
            self.step()
            if self.stages[-1] == stage:
                return
        raise AssertionError(self.stages)

    def run(self) -> Record:
        """Run to the end; return the deployment as the API describes it."""
        target = self.primary
        for _ in range(60):
            self.step()
        found = run_of(target)
        assert found is not None
        source = next((d for d in self.record["deployments"] if d["id"] == found.source), None)
        return descriptions.full(self.record, target, found, source, lambda _id: (0, 0))


def led_to(rule: str) -> str:
    (group,) = [g for g, weight in weights(alb._rules[rule]["Actions"]).items() if weight]
    return group


@pytest.fixture(autouse=True)
def load_balancer() -> Iterator[None]:
    alb._rules.update(rules())
    cloudwatch._alarms["broken"] = {"StateValue": "OK"}
    yield
    alb._rules.clear()
    cloudwatch._alarms.clear()


def test_should_pass_every_stage_and_leave_green_alone() -> None:
    cloud = Cloud(service())
    ended = cloud.run()
    assert cloud.stages == list(ORDER[ORDER.index(Stage.SCALE_UP) :])
    assert (ended["status"], cloud.tasks) == ("SUCCESSFUL", {NEW: 2})
    assert (led_to(PRODUCTION), led_to(TEST)) == (ALTERNATE, ALTERNATE)
    assert cloud.primary["rolloutState"] == "COMPLETED"
    assert ended["alarms"]["status"] == "MONITORING_COMPLETE"


def test_should_lead_test_traffic_to_green_before_production() -> None:
    cloud = Cloud(service())
    cloud.run_to(Stage.POST_TEST_TRAFFIC_SHIFT)
    assert (led_to(PRODUCTION), led_to(TEST)) == (PRIMARY, ALTERNATE)
    assert cloud.tasks == {OLD: 2, NEW: 2}


def test_should_keep_blue_for_the_bake_time() -> None:
    cloud = Cloud(service())
    cloud.run_to(Stage.BAKE_TIME)
    cloud.step(scaled(600) - 0.1)
    assert (cloud.stages[-1], cloud.tasks) == (Stage.BAKE_TIME, {OLD: 2, NEW: 2})
    cloud.step(0.2)
    assert (cloud.stages[-1], cloud.tasks) == (Stage.CLEAN_UP, {NEW: 2})


def test_should_register_the_first_version_where_no_production_traffic_goes() -> None:
    cloud = Cloud(service(deployments=[deployment(NEW, primary=True)]))
    assert cloud.run()["status"] == "SUCCESSFUL"
    assert led_to(PRODUCTION) == ALTERNATE


def test_should_swap_the_groups_with_each_deployment() -> None:
    cloud = Cloud(service())
    cloud.run()
    cloud.primary["status"] = "ACTIVE"
    cloud.record["deployments"].insert(0, deployment(LATER, primary=True))
    assert cloud.run()["status"] == "SUCCESSFUL"
    assert (led_to(PRODUCTION), cloud.tasks) == (PRIMARY, {LATER: 2})


def test_should_leave_tasks_of_a_rolling_deployment_where_they_are() -> None:
    alb._rules.update(rules(production=ALTERNATE))
    cloud = Cloud(service())
    old = cloud.record["deployments"][1]
    assert groups_of(alb._rules, cloud.record, old) == (ALTERNATE,)
    cloud.run_to(Stage.BAKE_TIME)
    assert led_to(PRODUCTION) == PRIMARY
    assert groups_of(alb._rules, cloud.record, old) == (ALTERNATE,)


def test_should_never_change_over_to_a_version_that_fails() -> None:
    cloud = Cloud(service(), bad=NEW)
    ended = cloud.run()
    assert ended["status"] == "ROLLBACK_SUCCESSFUL"
    assert ended["statusReason"] == (
        "Service deployment rolled back because the circuit breaker threshold was exceeded."
    )
    assert ended["deploymentCircuitBreaker"] == {"status": "TRIGGERED", "failureCount": 3}
    assert Stage.TEST_TRAFFIC_SHIFT not in cloud.stages
    assert (led_to(PRODUCTION), led_to(TEST)) == (PRIMARY, PRIMARY)
    assert (cloud.primary["id"], cloud.tasks) == (OLD, {OLD: 2})
    assert cloud.record["taskDefinition"] == "any:1"


def test_should_have_nothing_to_return_to_when_the_first_version_fails() -> None:
    cloud = Cloud(service(deployments=[deployment(NEW, primary=True)]), bad=NEW)
    ended = cloud.run()
    assert ended["status"] == "ROLLBACK_FAILED"
    assert "No rollback candidate" in ended["statusReason"]
    assert (cloud.primary["rolloutState"], cloud.tasks) == ("FAILED", {})


def test_should_change_back_when_an_alarm_is_triggered_while_it_bakes() -> None:
    cloud = Cloud(service())
    cloud.run_to(Stage.BAKE_TIME)
    assert led_to(PRODUCTION) == ALTERNATE
    cloudwatch._alarms["broken"]["StateValue"] = "ALARM"
    cloud.step()
    assert (led_to(PRODUCTION), cloud.tasks) == (PRIMARY, {OLD: 2, NEW: 2})
    ended = cloud.run()
    assert (ended["status"], cloud.tasks) == ("ROLLBACK_SUCCESSFUL", {OLD: 2})
    assert ended["alarms"]["triggeredAlarmNames"] == ["broken"]
    assert led_to(TEST) == PRIMARY


def test_should_not_watch_alarms_that_were_triggered_before_it_began() -> None:
    cloudwatch._alarms["broken"]["StateValue"] = "ALARM"
    cloud = Cloud(service())
    ended = cloud.run()
    assert (ended["status"], ended["alarms"]["status"]) == ("SUCCESSFUL", "DISABLED")


def test_should_change_no_rule_where_the_rules_do_not_fit() -> None:
    astray = {PRIMARY: 0, ALTERNATE: 0, OTHER: 1}
    alb._rules[PRODUCTION]["Actions"] = [forward(astray)]
    cloud = Cloud(service())
    ended = cloud.run()
    assert ended["status"] == "ROLLBACK_SUCCESSFUL"
    assert f"unexpected target group {OTHER}" in ended["statusReason"]
    assert weights(alb._rules[PRODUCTION]["Actions"]) == astray
    assert (led_to(TEST), cloud.tasks) == (PRIMARY, {OLD: 2})


def with_hook(stage: Stage) -> Record:
    record = service()
    record["deploymentConfiguration"]["lifecycleHooks"] = [
        {"hookTargetArn": "arn:any", "roleArn": "any", "lifecycleStages": [str(stage)]}
    ]
    return record


def test_should_wait_for_a_hook_that_is_in_progress() -> None:
    cloud = Cloud(with_hook(Stage.POST_TEST_TRAFFIC_SHIFT))
    cloud.hook_status = "IN_PROGRESS"
    cloud.run()
    assert cloud.stages[-1] == Stage.POST_TEST_TRAFFIC_SHIFT
    calls = len(cloud.events)
    cloud.step(scaled(29))
    assert len(cloud.events) == calls
    details = cloud.events[0]["executionDetails"]
    assert sorted(details["productionTrafficWeights"].values()) == [0, 100]
    assert details["testTrafficWeights"][details["targetServiceRevisionArn"]] == 100
    cloud.hook_status = "SUCCEEDED"
    assert cloud.run()["status"] == "SUCCESSFUL"


def test_should_roll_back_when_a_hook_fails() -> None:
    cloud = Cloud(with_hook(Stage.POST_SCALE_UP))
    cloud.hook_status = "FAILED"
    ended = cloud.run()
    assert ended["status"] == "ROLLBACK_SUCCESSFUL"
    assert "POST_SCALE_UP lifecycle hook(s) failed" in ended["statusReason"]
    assert led_to(PRODUCTION) == PRIMARY


def interrupted_at(stage: Stage) -> Cloud:
    """Return a service whose deployment was followed by another one at a stage."""
    cloud = Cloud(service())
    cloud.run_to(stage)
    cloud.primary["status"] = "ACTIVE"
    later = deployment(LATER, primary=True)
    cloud.record["deployments"].insert(0, later)
    cloud.stages.clear()
    return cloud


def test_should_return_to_blue_before_it_deploys_over_an_interrupted_version() -> None:
    cloud = interrupted_at(Stage.BAKE_TIME)
    cloud.step()
    assert cloud.stages == [Stage.RECONCILE_SERVICE]
    assert (led_to(PRODUCTION), led_to(TEST), cloud.tasks) == (PRIMARY, PRIMARY, {OLD: 2})
    assert cloud.run()["status"] == "SUCCESSFUL"
    stopped = cloud.record["deployments"][1]
    assert stopped[RUN].progress.status == "STOPPED"
    assert led_to(PRODUCTION) == ALTERNATE


def test_should_take_a_version_for_blue_whose_own_blue_was_ending() -> None:
    cloud = interrupted_at(Stage.CLEAN_UP)
    cloud.step()
    assert led_to(PRODUCTION) == ALTERNATE
    assert cloud.run()["status"] == "SUCCESSFUL"
    assert led_to(PRODUCTION) == PRIMARY


def test_should_return_to_a_version_whose_own_blue_was_ending() -> None:
    cloud = interrupted_at(Stage.CLEAN_UP)
    cloud.bad = LATER
    assert cloud.run()["status"] == "ROLLBACK_SUCCESSFUL"
    cloud.step()
    assert (cloud.primary["id"], cloud.primary["rolloutState"]) == (NEW, "COMPLETED")
    assert (led_to(PRODUCTION), cloud.tasks) == (ALTERNATE, {NEW: 2})


def test_should_roll_back_when_that_is_asked_for() -> None:
    cloud = Cloud(service())
    cloud.run_to(Stage.BAKE_TIME)
    target = cloud.primary
    target[STOP] = True
    found = run_of(target)
    assert found is not None
    assert descriptions.status(target, found) == "ROLLBACK_REQUESTED"
    ended = cloud.run()
    assert (ended["status"], led_to(PRODUCTION)) == ("ROLLBACK_SUCCESSFUL", PRIMARY)
    assert "StopServiceDeployment" in ended["statusReason"]


@pytest.mark.parametrize(("healthy", "count"), [(True, 0), (False, 2)])
def test_should_count_failures_until_a_task_is_healthy(*, healthy: bool, count: int) -> None:
    cloud = Cloud(service())
    cloud.run_to(Stage.SCALE_UP)
    cloud.primary["failedTasks"] = 0  # as ministack leaves it when a task runs
    cloud.blue_green.record_start(cloud.primary, 2, healthy=healthy)
    assert cloud.primary["failedTasks"] == count
