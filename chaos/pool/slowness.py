"""A plan without harm: calls take a while, so that jobs of a second last long enough to be met."""

import random
from types import MappingProxyType

from chaos.call_names import Caller, Step
from chaos.plan import Fault, Kind, Plan, Script, Slot

SLOW = (
    Step(Caller.PROCESSOR, "s3.GetObject:uploads"),
    Step(Caller.PROCESSOR, "s3.PutObject:work"),
    Step(Caller.PROCESSOR, "s3.PutObject:results"),
)
CALLS = 8
"""Of each kind, the first so many are slow."""

SECONDS = (0.2, 0.7)


def slow_plan(seed: int, jobs: int) -> Plan:
    """Return the plan of a run: the same for the same seed and number of jobs."""
    return Plan(
        tuple(_script(random.Random(f"{seed}/{number}")) for number in range(jobs)),
        Script(MappingProxyType({})),
    )


def _script(rng: random.Random) -> Script:
    slots = (Slot(step, count) for step in SLOW for count in range(1, CALLS + 1))
    return Script(
        MappingProxyType(
            {slot: Fault(Kind.LATENCY, round(rng.uniform(*SECONDS), 2)) for slot in slots}
        )
    )
