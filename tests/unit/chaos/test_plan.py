from collections import Counter

import pytest

from chaos.call_names import ALWAYS, Caller, CallName
from chaos.conditions import Act, EventFate
from chaos.plan import (
    MAX_KILLS,
    PASSING,
    UNCERTAIN,
    FaultKind,
    Occurrence,
    Plan,
    Poison,
    Scenario,
    draw_plan,
)
from chaos.pool.pool_plan import pool_plan
from tests.e2e.small_runs import ON_DEMAND, POOL

SUDDEN_OR_FROZEN = {FaultKind.KILL_BEFORE, FaultKind.KILL_AFTER, FaultKind.FREEZE}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return draw_plan(7, 400)


def test_should_draw_the_same_from_the_same_seed(plan: Plan) -> None:
    assert list(draw_plan(7, 400).lines()) == list(plan.lines())


def test_should_draw_something_else_from_another_seed(plan: Plan) -> None:
    assert list(draw_plan(8, 400).lines()) != list(plan.lines())


def test_should_die_and_freeze_at_every_call_that_every_job_makes(plan: Plan) -> None:
    laid = {
        (occurrence.call, fault.kind)
        for scenario in plan.jobs
        for occurrence, fault in scenario.faults.items()
    }
    assert {(call, kind) for call in ALWAYS for kind in SUDDEN_OR_FROZEN} <= laid


def test_should_lay_every_kind_of_fault(plan: Plan) -> None:
    kinds = Counter(fault.kind for scenario in plan.jobs for fault in scenario.faults.values())
    assert set(kinds) == set(FaultKind) - {FaultKind.REDELIVERY}


def test_should_lay_every_kind_of_fault_in_the_small_runs_too() -> None:
    pool = pool_plan(POOL.seed, POOL.jobs)
    on_demand = [draw_plan(run.seed, run.jobs) for run in ON_DEMAND.values()]
    jobs = [job for plan in (pool, *on_demand) for job in plan.jobs]
    assert {fault.kind for job in jobs for fault in job.faults.values()} == set(FaultKind)
    assert Poison.KILLS_ITS_PROCESSOR in {job.poison for job in jobs}
    assert {act.act for job in jobs for act in job.conditions.acts} == set(Act)
    assert {job.conditions.event for job in jobs} == set(EventFate)


def test_should_leave_a_job_runs_enough_to_succeed(plan: Plan) -> None:
    for scenario in plan.jobs:
        deadly = [
            occurrence
            for occurrence, fault in scenario.faults.items()
            if occurrence.call.caller is Caller.PROCESSOR and fault.kind not in PASSING + UNCERTAIN
        ]
        assert len(deadly) <= MAX_KILLS


def test_should_lose_only_answers_of_calls_that_change_something(plan: Plan) -> None:
    assert all(
        occurrence.call.writes
        for scenario in plan.jobs
        for occurrence, fault in scenario.faults.items()
        if fault.kind in UNCERTAIN
    )


def test_should_kill_the_processor_of_a_deadly_video_every_time() -> None:
    scenario = Scenario({}, poison=Poison.KILLS_ITS_PROCESSOR)
    fetching = CallName(Caller.PROCESSOR, "s3.GetObject:uploads")
    for count in (1, 2, 9):
        fault = scenario.fault(Occurrence(fetching, count))
        assert fault is not None
        assert fault.kind is FaultKind.KILL_AFTER
    assert scenario.fault(Occurrence(CallName(Caller.PROCESSOR, "dynamodb.GetItem"), 1)) is None
