"""A plan without harm: calls take a while, so that jobs of a second last long enough to be met."""

import random
from types import MappingProxyType

from chaos.call_names import Caller, CallName
from chaos.plan import Fault, FaultKind, Occurrence, Plan, Scenario

SLOW = (
    CallName(Caller.PROCESSOR, "s3.GetObject:uploads"),
    CallName(Caller.PROCESSOR, "s3.PutObject:work"),
    CallName(Caller.PROCESSOR, "s3.PutObject:results"),
)
CALLS = 8
"""Of each kind, the first so many are slow."""

SECONDS = (0.2, 0.7)


def slow_plan(seed: int, jobs: int) -> Plan:
    """Return the plan of a run: the same for the same seed and number of jobs."""
    return Plan(
        tuple(_scenario(random.Random(f"{seed}/{number}")) for number in range(jobs)),
        Scenario(MappingProxyType({})),
    )


def _scenario(rng: random.Random) -> Scenario:
    occurrences = (Occurrence(call, count) for call in SLOW for count in range(1, CALLS + 1))
    return Scenario(
        MappingProxyType(
            {
                occurrence: Fault(FaultKind.LATENCY, round(rng.uniform(*SECONDS), 2))
                for occurrence in occurrences
            }
        )
    )
