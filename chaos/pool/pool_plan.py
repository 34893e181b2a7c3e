"""The plan of a pool run: the faults of jobs with tasks of their own, and those of workers' calls.

Calls take a while as well, so that jobs of a second last long enough to be met by a stop.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

from chaos.call_names import RUN_TASK, WORKERS, Caller, CallName
from chaos.plan import (
    DISTURBING,
    Fault,
    FaultKind,
    Occurrence,
    Plan,
    Scenario,
    draw_fault,
    draw_plan,
)

SLOW = (
    CallName(Caller.PROCESSOR, "s3.GetObject:uploads"),
    CallName(Caller.PROCESSOR, "s3.PutObject:work"),
    CallName(Caller.PROCESSOR, "s3.PutObject:results"),
)
CALLS = 8
"""Of each kind, the first so many are slow."""

SECONDS = (0.2, 0.7)
WORKER_CALL_SHARE = 0.5
"""Of the jobs with a fault on a call that only workers make."""


def slow_plan(seed: int, jobs: int) -> Plan:
    """Return a plan of slow calls alone: the same for the same seed and number of jobs."""
    return Plan(
        tuple(Scenario(MappingProxyType(dict(_slow(seed, number)))) for number in range(jobs)),
        Scenario(MappingProxyType({})),
    )


def pool_plan(seed: int, jobs: int) -> Plan:
    """Return the plan of a run with every fault: the same for the same seed and number of jobs."""
    drawn = draw_plan(seed, jobs)
    return Plan(
        tuple(_for_workers(seed, number, scenario) for number, scenario in enumerate(drawn.jobs)),
        drawn.sweeps,
    )


def _for_workers(seed: int, number: int, scenario: Scenario) -> Scenario:
    """Return a job's scenario without what the scheduler's own stops and queues replace.

    A SIGTERM of the run itself would look like a stop of the scheduler at work. A job's processors
    are killed once at most, because a worker's machine may take another of its runs.
    """
    rng = random.Random(f"{seed}/{number}/worker")
    faults = {
        occurrence: fault
        for occurrence, fault in scenario.faults.items()
        if fault.kind is not FaultKind.TERMINATE and occurrence.call.name != RUN_TASK
    }
    for occurrence in [each for each, fault in faults.items() if _takes_a_run(each, fault)][1:]:
        del faults[occurrence]
    if rng.random() < WORKER_CALL_SHARE:
        call = rng.choice(WORKERS)
        fault = draw_fault(rng, call)
        if fault.kind in HARMLESS_TO_RUNS:
            faults.setdefault(Occurrence(call, 1), fault)
    return replace(scenario, faults=MappingProxyType({**dict(_slow(seed, number)), **faults}))


def _takes_a_run(occurrence: Occurrence, fault: Fault) -> bool:
    return occurrence.call.caller is Caller.PROCESSOR and fault.kind in DISTURBING


HARMLESS_TO_RUNS = frozenset(FaultKind) - DISTURBING
"""Kills are planned on the calls of the job itself, so that its runs suffice."""


def _slow(seed: int, number: int) -> Iterator[tuple[Occurrence, Fault]]:
    rng = random.Random(f"{seed}/{number}")
    for call in SLOW:
        for count in range(1, CALLS + 1):
            seconds = round(rng.uniform(*SECONDS), 2)
            yield Occurrence(call, count), Fault(FaultKind.LATENCY, seconds)
