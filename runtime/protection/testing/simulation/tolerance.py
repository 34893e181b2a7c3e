"""Measures how long ECS may be unreachable before a job has to go, from the worst moment on."""

from ...policy import Policy
from .schedule import Job, Outage, Schedule
from .simulation import Simulation

JITTERS = tuple(part / 8 for part in range(8))
"""Shorter pauses move the last call that still hangs; some of them to just before the end."""

LEASES_WORKED = 2
SLACK_SECONDS = 10


def survives(policy: Policy, *, start: float, seconds: float) -> bool:
    """Return whether a job goes on, with no gap, through an outage in which every call hangs."""
    job = Job(
        arrives=0.0,
        lasts=start + LEASES_WORKED * policy.lease_seconds,
        poll=0.1,
        checkpoint=1.0,
    )
    outage = Outage(start=start, end=start + seconds, hangs=True)
    return all(
        _survives(Schedule(seed=seed, policy=policy, jobs=(job,), outages=(outage,)), jitter)
        for seed, jitter in enumerate(JITTERS)
    )


def tolerance(policy: Policy) -> int:
    """Return the longest outage in whole seconds that harms nothing whenever it starts.

    Every length up to it is tried (from a little below the promise on), since where the last
    hanging call falls makes some longer outages harmless. 0 if even the first does harm.
    """
    cycle = policy.lease_seconds - policy.renew_at_seconds
    # Just before and after the first renewal is due, where it hurts most, and at other moments.
    starts = [cycle + tenth / 10 for tenth in range(-1, 4)] + [cycle / 3, cycle * 1.5, cycle * 1.9]
    first = max(0, int(policy.promised_outage_seconds) - SLACK_SECONDS)
    seconds = first
    while all(survives(policy, start=start, seconds=seconds) for start in starts):
        seconds += 1
    return max(0, seconds - 1) if seconds > first else 0


def _survives(schedule: Schedule, jitter: float) -> bool:
    outcome = Simulation(schedule, jitter=lambda: jitter).run()
    return not outcome.gaps and outcome.lost == 0
