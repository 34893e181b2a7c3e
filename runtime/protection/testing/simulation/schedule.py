"""Random schedules: jobs, faults, stalls and clock jumps, each drawn from one seed."""

import math
from dataclasses import dataclass, replace
from random import Random

from ...lease import FOREVER
from ...policy import HOUR, Policy, gap_free, service

LONGEST_JOB_SECONDS = 47 * HOUR
API_TIMEOUT_SECONDS = 7.0
"""The slower of the two clients: connecting 2 s, then reading 5 s."""

ROUNDING_SECONDS = 1.5
"""A Date header is cut to whole seconds, so a shorter grant may look that much longer."""

POLICIES = (gap_free(), gap_free(classic=True), service(), service(light=True))
POLICY_WEIGHTS = (0.7, 0.2, 0.05, 0.05)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One session: it looks at its lease every `poll` s and needs `checkpoint` s to leave.

    `cap` is what it may be protected in all; a `stuck` one works on after losing its lease.
    """

    arrives: float
    lasts: float
    poll: float
    checkpoint: float
    cap: float = FOREVER
    stuck: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """No call succeeds from `start` to `end`; with `hangs` each takes the whole timeout."""

    start: float
    end: float
    hangs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Everything that happens to one task. Times and lengths in seconds, chances from 0 to 1."""

    seed: int
    policy: Policy
    jobs: tuple[Job, ...]
    outages: tuple[Outage, ...] = ()
    wall_jumps: tuple[tuple[float, float], ...] = ()
    wall_offset: float = 0.0
    dated_answers: bool = True
    late_expiry: float = 0.0
    failing: float = 0.0
    refusing: float = 0.0
    slow: float = 0.0
    short_grants: float = 0.0
    stalling: float = 0.0
    longest_stall: float = 0.0
    force_at: float | None = None
    latest_landing: float = 4.9

    @property
    def calm(self) -> bool:
        """Whether nothing in it excuses a lost lease."""
        return (
            not self.outages
            and self.failing == self.refusing == self.stalling == self.short_grants == 0
            and self.force_at is None
            and (self.dated_answers or (not self.wall_jumps and self.wall_offset == 0))
            and all(job.cap == FOREVER for job in self.jobs)
        )


def draw(seed: int, policy: Policy | None = None) -> Schedule:
    """Return the schedule of a seed: a fifth are calm, the others mix every kind of fault.

    It has the given policy, or one of the package's.
    """
    random = Random(seed)
    drawn = random.choices(POLICIES, POLICY_WEIGHTS)[0]
    policy = drawn if policy is None else policy
    calm = random.random() < 0.2  # noqa: PLR2004 - the share named above
    jobs = _jobs(random, policy, calm=calm)
    end = max(job.arrives + job.lasts for job in jobs)
    jumps = tuple(
        sorted(
            (random.uniform(0, end), random.uniform(-12, 12) * HOUR)
            for _ in range(random.choice((0, 0, 1, 3)))
        )
    )
    if calm:
        return Schedule(seed=seed, policy=policy, jobs=jobs, wall_jumps=jumps, slow=0.1)
    dated = random.random() < 0.7  # noqa: PLR2004 - most answers carry a Date
    # Without a Date only the wall clock shows a shorter grant, so not if that is wrong.
    sound = dated or not jumps
    return Schedule(
        seed=seed,
        policy=policy,
        jobs=jobs,
        outages=_outages(random, end),
        wall_jumps=jumps,
        wall_offset=0.0 if sound else random.choice((0.0, random.uniform(-12, 12) * HOUR)),
        dated_answers=dated,
        late_expiry=random.choice((0.0, 1.0, 300.0)),
        failing=random.choice((0.0, 0.02, 0.2, 0.5)),
        refusing=random.choice((0.0, 0.0, 0.01, 0.1)),
        slow=random.choice((0.02, 0.3)),
        short_grants=random.choice((0.0, 0.0, 0.05)) if sound else 0.0,
        stalling=random.choice((0.0, 0.02, 0.2)),
        longest_stall=min(60.0, policy.gap_safety_margin_seconds),
        force_at=random.uniform(0, end) if random.random() < 0.05 else None,  # noqa: PLR2004 - rare
        latest_landing=random.choice((4.9, 10.0, 30.0, 60.0)),
    )


LONGEST_STRAIN_SECONDS = 600.0


def draw_short(seed: int) -> Schedule:
    """Return the schedule of a seed with jobs of half an hour at most."""
    schedule = draw(seed)
    jobs = tuple(replace(job, lasts=min(job.lasts, HOUR / 2)) for job in schedule.jobs)
    return replace(schedule, jobs=jobs)


QUIET_STALL_SECONDS = 15.0
"""With two such stalls and a call that hangs, a lost lease is still reported before its end."""


def draw_crowded(seed: int) -> Schedule:
    """Return the schedule of a seed with jobs that start together, and as the last ones end.

    In half of them no job looks at its lease while it runs.
    """
    random = Random(seed ^ 0xC40D)
    schedule = draw(seed)
    looks = random.random() < 0.5  # noqa: PLR2004 - half
    jobs, at = [], random.uniform(0, 100)
    for _ in range(random.choice((1, 2, 3, 4))):
        lasts = _log(random, 5, random.choice((HOUR / 2, HOUR / 2, 3 * HOUR)))
        jobs += [
            Job(
                arrives=at + random.choice((0.0, random.uniform(0, 2))),
                lasts=lasts + random.choice((0.0, random.uniform(0, 2))),
                poll=random.uniform(1, 30) if looks else FOREVER,
                checkpoint=random.uniform(0.1, 10),
            )
            for _ in range(random.choice((1, 2, 2, 3)))
        ]
        at += lasts + random.choice((0.0, random.uniform(-2, 2), _log(random, 1, HOUR)))
    if schedule.calm:
        return replace(schedule, jobs=tuple(jobs))
    return replace(
        schedule,
        jobs=tuple(jobs),
        outages=_outages(random, at),
        longest_stall=schedule.longest_stall if looks else QUIET_STALL_SECONDS,
        force_at=random.uniform(0, at) if random.random() < 0.2 else None,  # noqa: PLR2004 - a fifth
    )


def strained(schedule: Schedule, *, polls: bool) -> Schedule:
    """Return the schedule with stalls beyond what the policy allows for, and late landings.

    Every grant is as long as asked for: a shorter one, which ECS does not document, could end while
    its answer waits for the stalled thread.
    With `polls`, jobs look at their lease far too rarely as well: then a gap cannot be excluded,
    but must be noticed.
    """
    random = Random(schedule.seed ^ 0x57A1)
    jobs = schedule.jobs
    if polls:
        jobs = tuple(replace(job, poll=random.uniform(1.0, LONGEST_STRAIN_SECONDS)) for job in jobs)
    return replace(
        schedule,
        jobs=jobs,
        stalling=random.choice((0.02, 0.2, 0.5)),
        longest_stall=random.uniform(1.0, LONGEST_STRAIN_SECONDS),
        short_grants=0.0,
        latest_landing=random.choice((30.0, 60.0)),
    )


def _jobs(random: Random, policy: Policy, *, calm: bool) -> tuple[Job, ...]:
    jobs = []
    at = random.uniform(0, 100)
    for _ in range(random.choice((1, 1, 2, 3, 6))):
        at += random.choice((0.0, random.uniform(0, 3), _log(random, 1, 2 * HOUR)))
        lasts = _log(
            random, 5, random.choices((HOUR, 6 * HOUR, LONGEST_JOB_SECONDS), (90, 9, 1))[0]
        )
        capped = not calm and random.random() < 0.2  # noqa: PLR2004 - a fifth have a deadline
        # The time to notice and the time to leave fit into what is left when jobs are released.
        budget = policy.release_at_seconds - ROUNDING_SECONDS
        poll = random.uniform(0.1, budget / 2)
        jobs.append(
            Job(
                arrives=at,
                lasts=lasts,
                poll=poll,
                checkpoint=random.uniform(0.1, budget - poll),
                cap=lasts * random.uniform(0.3, 3) + 120 if capped else FOREVER,
                stuck=capped and random.random() < 0.3,  # noqa: PLR2004 - some of them
            )
        )
        if random.random() < 0.5:  # noqa: PLR2004 - half follow one another, half overlap
            at += lasts
    return tuple(jobs)


def _outages(random: Random, end: float) -> tuple[Outage, ...]:
    outages = []
    for _ in range(random.choice((0, 1, 2))):
        start = random.uniform(0, end)
        length = _log(random, 2, 1800)
        outages.append(Outage(start=start, end=start + length, hangs=random.random() < 0.5))  # noqa: PLR2004 - even
    return tuple(outages)


def _log(random: Random, low: float, high: float) -> float:
    return math.exp(random.uniform(math.log(low), math.log(high)))
