from collections import Counter

import pytest

from chaos.call_names import ALWAYS, Caller, Step
from chaos.plan import DEATHS, REFUSALS, UNCERTAIN, Kind, Plan, Poison, Script, Slot, draw_plan

SUDDEN_OR_FROZEN = {Kind.KILL_BEFORE, Kind.KILL_AFTER, Kind.FREEZE}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return draw_plan(7, 400)


def test_should_draw_the_same_from_the_same_seed(plan: Plan) -> None:
    assert list(draw_plan(7, 400).lines()) == list(plan.lines())


def test_should_draw_something_else_from_another_seed(plan: Plan) -> None:
    assert list(draw_plan(8, 400).lines()) != list(plan.lines())


def test_should_die_and_freeze_at_every_call_that_every_job_makes(plan: Plan) -> None:
    laid = {
        (slot.step, fault.kind) for script in plan.jobs for slot, fault in script.faults.items()
    }
    assert {(step, kind) for step in ALWAYS for kind in SUDDEN_OR_FROZEN} <= laid


def test_should_lay_every_kind_of_fault(plan: Plan) -> None:
    kinds = Counter(fault.kind for script in plan.jobs for fault in script.faults.values())
    assert set(kinds) == set(Kind)


def test_should_leave_a_job_runs_enough_to_succeed(plan: Plan) -> None:
    for script in plan.jobs:
        deadly = [
            slot
            for slot, fault in script.faults.items()
            if slot.step.caller is Caller.PROCESSOR and fault.kind not in REFUSALS + UNCERTAIN
        ]
        assert len(deadly) <= DEATHS


def test_should_lose_only_answers_of_calls_that_change_something(plan: Plan) -> None:
    assert all(
        slot.step.writes
        for script in plan.jobs
        for slot, fault in script.faults.items()
        if fault.kind in UNCERTAIN
    )


def test_should_kill_the_processor_of_a_deadly_video_every_time() -> None:
    script = Script({}, poison=Poison.KILLS_ITS_PROCESSOR)
    fetching = Step(Caller.PROCESSOR, "s3.GetObject:uploads")
    for count in (1, 2, 9):
        fault = script.fault(Slot(fetching, count))
        assert fault is not None
        assert fault.kind is Kind.KILL_AFTER
    assert script.fault(Slot(Step(Caller.PROCESSOR, "dynamodb.GetItem"), 1)) is None
