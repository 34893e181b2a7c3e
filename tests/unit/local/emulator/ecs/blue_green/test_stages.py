"""The stages of a blue/green deployment: each transition, and a scheduler that ends between any."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.emulator.ecs.blue_green.stages import (
    NO_CANDIDATE,
    ORDER,
    Limits,
    Progress,
    Seen,
    Side,
    Stage,
    Status,
    advance,
    begin,
    wanted,
)

LIMITS = Limits(bake_seconds=20, stage_seconds=1000)
BLUE, GREEN = Side.BLUE, Side.GREEN
NOW = 100.0
SEEN = Seen(
    now=NOW,
    desired=2,
    production=BLUE,
    test=BLUE,
    green_serving=2,
    green_left=2,
    blue_left=2,
)
REASON = "any reason"


def at(stage: Stage, since: float = NOW) -> Progress:
    return Progress(stage, since)


def back(stage: Stage) -> Progress:
    return Progress(stage, NOW, Status.ROLLBACK_IN_PROGRESS, REASON)


def after(progress: Progress, seen: Seen) -> Progress:
    return advance(progress, seen, LIMITS)


def test_should_begin_with_a_reconciliation_only_where_other_revisions_have_tasks() -> None:
    assert begin(NOW, others=0) == at(Stage.PRE_SCALE_UP)
    assert begin(NOW, others=1) == at(Stage.RECONCILE_SERVICE)


WAITS = [
    (Stage.RECONCILE_SERVICE, {"others": 1}, {"others": 0}),
    (Stage.RECONCILE_SERVICE, {"production": GREEN}, {"production": BLUE}),
    (Stage.PRE_SCALE_UP, {"hooks_passed": False}, {"hooks_passed": True}),
    (Stage.SCALE_UP, {"green_serving": 1}, {"green_serving": 2}),
    (Stage.POST_SCALE_UP, {"hooks_passed": False}, {}),
    (Stage.TEST_TRAFFIC_SHIFT, {"test": BLUE}, {"test": GREEN}),
    (Stage.TEST_TRAFFIC_SHIFT, {"test": GREEN, "hooks_passed": False}, {"test": None}),
    (Stage.POST_TEST_TRAFFIC_SHIFT, {"green_serving": 1}, {"green_serving": 2}),
    (Stage.PRODUCTION_TRAFFIC_SHIFT, {"production": BLUE}, {"production": GREEN}),
    (Stage.POST_PRODUCTION_TRAFFIC_SHIFT, {"hooks_passed": False}, {}),
    (Stage.BAKE_TIME, {"now": NOW + 19.9}, {"now": NOW + 20}),
]


@pytest.mark.parametrize(("stage", "waiting", "done"), WAITS)
def test_should_go_on_once_a_stage_has_what_it_is_for(
    stage: Stage, waiting: dict[str, object], done: dict[str, object]
) -> None:
    assert after(at(stage), replace(SEEN, **waiting)) == at(stage)  # type: ignore[arg-type]
    seen = replace(SEEN, **done)  # type: ignore[arg-type]
    assert after(at(stage), seen) == Progress(ORDER[ORDER.index(stage) + 1], seen.now)


def test_should_succeed_once_blue_is_gone() -> None:
    assert after(at(Stage.CLEAN_UP), SEEN) == at(Stage.CLEAN_UP)
    gone = after(at(Stage.CLEAN_UP), replace(SEEN, blue_left=0))
    assert (gone.status, gone.is_over) == (Status.SUCCESSFUL, True)


FIRST_STAGE_BACK = {
    Stage.RECONCILE_SERVICE: Stage.CLEAN_UP,
    Stage.PRE_SCALE_UP: Stage.CLEAN_UP,
    Stage.SCALE_UP: Stage.CLEAN_UP,
    Stage.POST_SCALE_UP: Stage.CLEAN_UP,
    Stage.TEST_TRAFFIC_SHIFT: Stage.TEST_TRAFFIC_SHIFT,
    Stage.POST_TEST_TRAFFIC_SHIFT: Stage.TEST_TRAFFIC_SHIFT,
    Stage.PRODUCTION_TRAFFIC_SHIFT: Stage.PRODUCTION_TRAFFIC_SHIFT,
    Stage.POST_PRODUCTION_TRAFFIC_SHIFT: Stage.PRODUCTION_TRAFFIC_SHIFT,
    Stage.BAKE_TIME: Stage.PRODUCTION_TRAFFIC_SHIFT,
}


@pytest.mark.parametrize("stage", FIRST_STAGE_BACK)
def test_should_shift_back_what_was_shifted_when_it_fails(stage: Stage) -> None:
    assert after(at(stage), replace(SEEN, failure=REASON)) == back(FIRST_STAGE_BACK[stage])


def test_should_bake_for_as_long_as_any_stage_may_last() -> None:
    limits = replace(LIMITS, bake_seconds=LIMITS.stage_seconds)
    baked = advance(at(Stage.BAKE_TIME, since=NOW - limits.bake_seconds), SEEN, limits)
    assert baked == at(Stage.CLEAN_UP)


@pytest.mark.parametrize("stage", [s for s in FIRST_STAGE_BACK if s is not Stage.BAKE_TIME])
def test_should_fail_a_stage_that_lasts_too_long(stage: Stage) -> None:
    late = after(at(stage, since=NOW - 1000), SEEN)
    assert late.is_rollback
    assert f"the {stage} lifecycle stage timed out" in late.reason


def test_should_not_go_back_once_blue_ends() -> None:
    seen = replace(SEEN, failure=REASON)
    assert after(at(Stage.CLEAN_UP), seen) == at(Stage.CLEAN_UP)


def test_should_go_back_by_production_then_test_then_tasks() -> None:
    shifted = replace(SEEN, production=GREEN, test=GREEN)
    progress = back(Stage.PRODUCTION_TRAFFIC_SHIFT)
    assert after(progress, shifted) == progress
    progress = after(progress, replace(shifted, production=BLUE))
    assert progress == back(Stage.TEST_TRAFFIC_SHIFT)
    assert after(progress, replace(SEEN, test=GREEN)) == progress
    progress = after(progress, SEEN)
    assert progress == back(Stage.CLEAN_UP)
    assert after(progress, SEEN) == progress
    over = after(progress, replace(SEEN, green_left=0))
    assert (over.status, over.reason) == (Status.ROLLBACK_SUCCESSFUL, REASON)


def test_should_say_that_there_was_nothing_to_go_back_to() -> None:
    over = after(back(Stage.CLEAN_UP), replace(SEEN, green_left=0, has_blue=False))
    assert over.status is Status.ROLLBACK_FAILED
    assert over.reason == f"{REASON} {NO_CANDIDATE}"


@pytest.mark.parametrize("status", [s for s in Status if "PROGRESS" not in s])
def test_should_stay_as_it_ended(status: Status) -> None:
    over = Progress(Stage.CLEAN_UP, NOW, status)
    assert after(over, replace(SEEN, failure=REASON, now=NOW + 10**6)) == over


def test_should_keep_blue_until_the_end_and_green_from_its_start() -> None:
    states = {stage: wanted(at(stage)) for stage in Stage}
    assert [stage for stage in Stage if not states[stage].blue] == [Stage.CLEAN_UP]
    assert [stage for stage in Stage if not states[stage].green] == [
        Stage.RECONCILE_SERVICE,
        Stage.PRE_SCALE_UP,
    ]
    shifted = [stage for stage in Stage if states[stage].production is GREEN]
    assert shifted == list(ORDER[ORDER.index(Stage.PRODUCTION_TRAFFIC_SHIFT) :])
    tested = [stage for stage in Stage if states[stage].test is GREEN]
    assert tested == list(ORDER[ORDER.index(Stage.TEST_TRAFFIC_SHIFT) :])


class World:
    """A service, its rules and its tasks, and a scheduler that can end between any two steps.

    `bad` green never serves; `alarm_at` is the stage at which an alarm is triggered.
    """

    def __init__(self, *, bad: bool = False, alarm_at: Stage | None = None) -> None:
        self.now = 0.0
        self.rules = {"production": BLUE, "test": BLUE}
        self.tasks = {BLUE: 2, GREEN: 0}
        self.bad, self.alarm_at = bad, alarm_at
        self.progress = begin(self.now, others=0)

    @property
    def seen(self) -> Seen:
        failed = self.bad and self.now > 5
        alarm = self.alarm_at is not None and (
            ORDER.index(self.progress.stage) >= ORDER.index(self.alarm_at)
        )
        return Seen(
            now=self.now,
            desired=2,
            production=self.rules["production"],
            test=self.rules["test"],
            green_serving=0 if self.bad else self.tasks[GREEN],
            green_left=self.tasks[GREEN],
            blue_left=self.tasks[BLUE],
            failure=REASON if failed or alarm else "",
        )

    def step(self, done: int) -> None:
        """Step once; `done` is how much of it happens: recorded, one rule, both, the tasks."""
        self.now += 1.0
        self.progress = advance(self.progress, self.seen, LIMITS)
        if self.progress.is_over:
            return
        asked = wanted(self.progress)
        changes: list[Callable[[], None]] = [
            lambda: self.rules.update(production=asked.production),
            lambda: self.rules.update(test=asked.test),
            lambda: self.tasks.update({BLUE: 2 * asked.blue, GREEN: 2 * asked.green}),
        ]
        for change in changes[:done]:
            change()
        self.check()

    def check(self) -> None:
        serving = self.rules["production"]
        assert self.tasks[serving] == 2, "production is forwarded to tasks that serve"
        assert not (serving is GREEN and self.bad)


@given(
    done=st.lists(st.integers(0, 3), max_size=25),
    bad=st.booleans(),
    alarm_at=st.sampled_from([None, *FIRST_STAGE_BACK]),
)
def test_should_reach_the_same_end_wherever_its_scheduler_ends(
    done: list[int], *, bad: bool, alarm_at: Stage | None
) -> None:
    world = World(bad=bad, alarm_at=alarm_at)
    for part in [*done, *[3] * 60]:
        world.step(part)
    failed = bad or alarm_at is not None
    assert world.progress.status is (Status.ROLLBACK_SUCCESSFUL if failed else Status.SUCCESSFUL)
    there = BLUE if failed else GREEN
    assert world.rules == {"production": there, "test": there}
    assert world.tasks == {there: 2, (GREEN if failed else BLUE): 0}
