"""Gap (1.5.33, upstream): services deploy rolling only; the stages of a blue/green deployment.

Pure decisions. `advance` returns the next progress, `wanted` what must hold in it. Both depend on
the recorded progress and on what is seen, so a scheduler that ends between any two steps repeats
the last one. The stages are those of AWS's "Amazon ECS blue/green service deployments workflow".
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class Stage(StrEnum):
    """A lifecycle stage, in the order of the deployment."""

    RECONCILE_SERVICE = "RECONCILE_SERVICE"
    PRE_SCALE_UP = "PRE_SCALE_UP"
    SCALE_UP = "SCALE_UP"
    POST_SCALE_UP = "POST_SCALE_UP"
    TEST_TRAFFIC_SHIFT = "TEST_TRAFFIC_SHIFT"
    POST_TEST_TRAFFIC_SHIFT = "POST_TEST_TRAFFIC_SHIFT"
    PRODUCTION_TRAFFIC_SHIFT = "PRODUCTION_TRAFFIC_SHIFT"
    POST_PRODUCTION_TRAFFIC_SHIFT = "POST_PRODUCTION_TRAFFIC_SHIFT"
    BAKE_TIME = "BAKE_TIME"
    CLEAN_UP = "CLEAN_UP"


ORDER = tuple(Stage)


class Side(StrEnum):
    """A service revision by its part in the deployment, and the target groups that it uses."""

    BLUE = "blue"
    GREEN = "green"


class Status(StrEnum):
    """The status of a service deployment, as the API names it."""

    IN_PROGRESS = "IN_PROGRESS"
    SUCCESSFUL = "SUCCESSFUL"
    STOPPED = "STOPPED"
    ROLLBACK_IN_PROGRESS = "ROLLBACK_IN_PROGRESS"
    ROLLBACK_SUCCESSFUL = "ROLLBACK_SUCCESSFUL"
    ROLLBACK_FAILED = "ROLLBACK_FAILED"


NO_CANDIDATE = "No rollback candidate was found to run the rollback."
TIMED_OUT = "Service deployment rolled back because the {stage} lifecycle stage timed out."


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a deployment is, and since when (seconds). `reason` is why it is rolled back."""

    stage: Stage
    since: float
    status: Status = Status.IN_PROGRESS
    reason: str = ""

    @property
    def is_over(self) -> bool:
        """Return whether the deployment has ended, in whatever way."""
        return self.status not in (Status.IN_PROGRESS, Status.ROLLBACK_IN_PROGRESS)

    @property
    def is_rollback(self) -> bool:
        """Return whether traffic and tasks go back to blue."""
        return self.status is Status.ROLLBACK_IN_PROGRESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the scheduler sees now.

    `test` and `production` are the sides that the listener rules forward to; `test` is None
    without a test listener rule. `failure` is why the deployment must be rolled back, if it must.
    `others` counts tasks of revisions that are neither blue nor green.
    """

    now: float
    desired: int
    production: Side
    test: Side | None
    green_serving: int = 0
    green_left: int = 0
    blue_left: int = 0
    others: int = 0
    has_blue: bool = True
    hooks_passed: bool = True
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long blue stays after the shift, and how long any stage may last (local seconds)."""

    bake_seconds: float
    stage_seconds: float


@dataclass(frozen=True, slots=True)
class Wanted:
    """What must hold: which sides run the desired count, and where each rule forwards to."""

    blue: bool
    green: bool
    production: Side
    test: Side


def begin(now: float, *, others: int) -> Progress:
    """Return the progress of a new deployment; tasks of other revisions are reconciled first."""
    return Progress(Stage.RECONCILE_SERVICE if others else Stage.PRE_SCALE_UP, now)


def wanted(progress: Progress) -> Wanted:
    """Return what must hold at a stage; the rules change before tasks leave, and never after."""
    stage = progress.stage
    reached = ORDER.index(stage)
    if progress.is_rollback:
        before_test_is_back = stage is Stage.PRODUCTION_TRAFFIC_SHIFT
        return Wanted(
            blue=True,
            green=stage is not Stage.CLEAN_UP,
            production=Side.BLUE,
            test=Side.GREEN if before_test_is_back else Side.BLUE,
        )
    shifted = reached >= ORDER.index(Stage.PRODUCTION_TRAFFIC_SHIFT)
    tested = reached >= ORDER.index(Stage.TEST_TRAFFIC_SHIFT)
    return Wanted(
        blue=stage is not Stage.CLEAN_UP,
        green=reached >= ORDER.index(Stage.SCALE_UP),
        production=Side.GREEN if shifted else Side.BLUE,
        test=Side.GREEN if tested else Side.BLUE,
    )


def advance(progress: Progress, seen: Seen, limits: Limits) -> Progress:
    """Return the next progress, the same while its stage is not over."""
    if progress.is_over:
        return progress
    if progress.is_rollback:
        return _go_back(progress, seen)
    failure = seen.failure
    # The bake time may be as long as the longest stage.
    is_bounded = progress.stage is not Stage.BAKE_TIME
    if not failure and is_bounded and seen.now - progress.since >= limits.stage_seconds:
        failure = TIMED_OUT.format(stage=progress.stage)
    # Once blue ends there is nothing to return to.
    if failure and progress.stage is not Stage.CLEAN_UP:
        return _roll_back(progress, seen, failure)
    if not seen.hooks_passed or not _is_done(progress, seen, limits):
        return progress
    if progress.stage is Stage.CLEAN_UP:
        return replace(progress, status=Status.SUCCESSFUL, since=seen.now)
    return Progress(ORDER[ORDER.index(progress.stage) + 1], seen.now)


def _is_done(progress: Progress, seen: Seen, limits: Limits) -> bool:
    """Return whether a stage has reached what it is for, apart from its hooks."""
    serves = seen.green_serving >= seen.desired
    done = {
        Stage.RECONCILE_SERVICE: not seen.others
        and (not seen.has_blue or seen.production is Side.BLUE),
        Stage.SCALE_UP: serves,
        Stage.TEST_TRAFFIC_SHIFT: seen.test in (Side.GREEN, None),
        # Green may have lost a task since it was scaled up.
        Stage.POST_TEST_TRAFFIC_SHIFT: serves,
        Stage.PRODUCTION_TRAFFIC_SHIFT: seen.production is Side.GREEN,
        Stage.BAKE_TIME: seen.now - progress.since >= limits.bake_seconds,
        Stage.CLEAN_UP: not seen.blue_left,
    }
    return done.get(progress.stage, True)


def _roll_back(progress: Progress, seen: Seen, reason: str) -> Progress:
    """Return the first stage of a rollback: only what was shifted is shifted back."""
    reached = ORDER.index(progress.stage)
    stage = Stage.CLEAN_UP
    if reached >= ORDER.index(Stage.TEST_TRAFFIC_SHIFT):
        stage = Stage.TEST_TRAFFIC_SHIFT
    if reached >= ORDER.index(Stage.PRODUCTION_TRAFFIC_SHIFT):
        stage = Stage.PRODUCTION_TRAFFIC_SHIFT
    return Progress(stage, seen.now, Status.ROLLBACK_IN_PROGRESS, reason)


def _go_back(progress: Progress, seen: Seen) -> Progress:
    """Return the next progress of a rollback: production, then test traffic, then tasks."""
    waits = {
        Stage.PRODUCTION_TRAFFIC_SHIFT: seen.production is not Side.BLUE,
        Stage.TEST_TRAFFIC_SHIFT: seen.test is Side.GREEN,
        Stage.CLEAN_UP: seen.green_left > 0,
    }
    following = {
        Stage.PRODUCTION_TRAFFIC_SHIFT: Stage.TEST_TRAFFIC_SHIFT,
        Stage.TEST_TRAFFIC_SHIFT: Stage.CLEAN_UP,
    }
    if waits[progress.stage]:
        return progress
    if progress.stage in following:
        return replace(progress, stage=following[progress.stage], since=seen.now)
    if seen.has_blue:
        return replace(progress, status=Status.ROLLBACK_SUCCESSFUL, since=seen.now)
    reason = f"{progress.reason} {NO_CANDIDATE}"
    return replace(progress, status=Status.ROLLBACK_FAILED, since=seen.now, reason=reason)
