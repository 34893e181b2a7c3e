"""Measures how long ECS may be unreachable before a job has to go, from the worst moment on."""

from runtime.protection.policy import Policy
from scripts.protection_sim.schedule import Job, Outage, Schedule
from scripts.protection_sim.simulation import Simulation

SEED = 4
LEASES_WORKED = 2
SLACK_SECONDS = 30


def survives(policy: Policy, *, start: float, seconds: float) -> bool:
    """Tell whether a job goes on, with no gap, through an outage in which every call hangs."""
    schedule = Schedule(
        seed=SEED,
        policy=policy,
        jobs=(
            Job(
                arrives=0.0,
                lasts=start + LEASES_WORKED * policy.lease_seconds,
                poll=0.1,
                checkpoint=1.0,
            ),
        ),
        outages=(Outage(start=start, end=start + seconds, hangs=True),),
    )
    # No jitter makes every pause as long as it can be.
    outcome = Simulation(schedule, jitter=lambda: 0.0).run()
    return not outcome.gaps and outcome.lost == 0


def tolerance(policy: Policy) -> int:
    """Return the longest outage in whole seconds that harms nothing whenever it starts.

    Tried from the moments around the first renewal, a tenth of a second apart, which is where it
    hurts most, and from all over two renewal cycles to make sure of that.
    """
    cycle = policy.lease_seconds - policy.renew_at_seconds
    starts = [cycle + tenth / 10 for tenth in range(-5, 6)]
    starts += [1.0 + cycle * part / 10 for part in range(20)]
    return min(_longest(policy, start) for start in starts)


def _longest(policy: Policy, start: float) -> int:
    # Not a bisection: where the last hanging call falls makes some longer outages harmless. An
    # outage shorter by two calls and pauses than one that is survived is survived too.
    seconds = max(0, int(policy.promised_outage_seconds) - SLACK_SECONDS)
    while survives(policy, start=start, seconds=seconds + 1):
        seconds += 1
    return seconds if survives(policy, start=start, seconds=seconds) else 0
