"""Searches random schedules for broken promises, replayable by seed."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ...policy import Policy
from .records import ScheduleResult
from .schedule import Schedule, draw
from .simulation import Simulation

SCHEDULES = 300


@dataclass(slots=True)
class Total:
    """Sums over schedules. `bad_seeds` are those of schedules in which a promise was broken."""

    schedules: int = 0
    gaps: int = 0
    held_idle: int = 0
    over_cap: int = 0
    jobs: int = 0
    turned_away: int = 0
    lost: int = 0
    lost_calm: int = 0
    calls: int = 0
    renewals: int = 0
    refusals: int = 0
    failures: int = 0
    bad_seeds: list[int] = field(default_factory=list)

    def add(self, outcome: ScheduleResult) -> None:
        """Count one schedule."""
        self.schedules += 1
        self.gaps += len(outcome.gaps)
        self.held_idle += len(outcome.held_idle)
        self.over_cap += outcome.over_cap
        self.jobs += outcome.started
        self.turned_away += outcome.turned_away
        self.lost += outcome.lost
        self.lost_calm += outcome.lost if outcome.calm else 0
        self.calls += outcome.calls
        self.renewals += outcome.renewals
        self.refusals += outcome.refusals
        self.failures += outcome.failures
        if outcome.gaps or outcome.held_idle or outcome.over_cap or (outcome.calm and outcome.lost):
            self.bad_seeds.append(outcome.seed)


def total(outcomes: Iterable[ScheduleResult]) -> Total:
    """Return the sums over many schedules."""
    sums = Total()
    for outcome in outcomes:
        sums.add(outcome)
    return sums


def search(
    *,
    policy: Policy | None = None,
    check_every_seconds: float | None = None,
    leave_within_seconds: float | None = None,
    schedules: int = SCHEDULES,
    first_seed: int = 0,
) -> Total:
    """Play random schedules with lost and late calls, refusals, outages, stalls, clock jumps.

    `policy` is yours, by default one of the package's for each schedule. Your jobs call
    `session.check()` at least every `check_every_seconds`, and stop at most `leave_within_seconds`
    after it has raised; by default both are drawn such that they fit the policy.

    >>> search(schedules=20).gaps
    0
    >>> search(schedules=20, check_every_seconds=20, leave_within_seconds=60).gaps > 0
    True
    """
    drawn = (draw(seed, policy) for seed in range(first_seed, first_seed + schedules))
    return total(
        Simulation(_with_jobs(schedule, check_every_seconds, leave_within_seconds)).run()
        for schedule in drawn
    )


def _with_jobs(schedule: Schedule, poll: float | None, checkpoint: float | None) -> Schedule:
    jobs = tuple(
        replace(
            job,
            poll=job.poll if poll is None else poll,
            checkpoint=job.checkpoint if checkpoint is None else checkpoint,
        )
        for job in schedule.jobs
    )
    return replace(schedule, jobs=jobs)
