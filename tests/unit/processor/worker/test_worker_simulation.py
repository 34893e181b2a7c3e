"""The real worker loop in virtual time: no job unprotected, none lost, and planted faults found."""

from collections.abc import Callable, Iterable

import pytest

from runtime.processor.worker.worker import Worker
from runtime.protection.errors import ProtectionError
from runtime.protection.session import ProcessingSession
from runtime.protection.testing.simulation.schedule import Schedule, draw_short, strained
from scripts.protection_sim.worker_loop import WorkerSimulation

SCHEDULES = 50
PLANTED = 20
"""Enough to find a missing guard."""


def play(
    seeds: Iterable[int], draw: Callable[[int], Schedule] = draw_short
) -> list[WorkerSimulation]:
    played = [WorkerSimulation(draw(seed)) for seed in seeds]
    for simulation in played:
        simulation.run()
    return played


def gaps(played: list[WorkerSimulation]) -> int:
    return sum(len(simulation.task.outcome.gaps) for simulation in played)


def held_idle(played: list[WorkerSimulation]) -> int:
    return sum(len(simulation.task.outcome.held_idle) for simulation in played)


@pytest.mark.parametrize("stalls", [False, True])
def test_should_work_protected_only_hold_nothing_idle_and_lose_no_job(
    stalls: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    def draw(seed: int) -> Schedule:
        schedule = draw_short(seed)
        return strained(schedule, polls=False) if stalls else schedule

    played = play(range(SCHEDULES), draw)
    assert (gaps(played), held_idle(played)) == (0, 0)
    assert not [simulation.lost for simulation in played if simulation.lost]
    assert sum(simulation.task.outcome.finished for simulation in played) > SCHEDULES
    assert sum(simulation.task.outcome.lost for simulation in played) > 0


def test_should_find_a_worker_that_starts_without_protection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = ProcessingSession.set_critical

    def careless(session: ProcessingSession, critical: bool) -> None:  # noqa: FBT001 - as the real one
        try:
            real(session, critical)
        except ProtectionError:
            return

    monkeypatch.setattr(ProcessingSession, "set_critical", careless)
    assert gaps(play(range(PLANTED))) > 0


def test_should_find_a_message_that_is_deleted_unstarted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worker, "_send_back", Worker._delete)
    assert [simulation.lost for simulation in play(range(PLANTED)) if simulation.lost]


def test_should_find_a_requeued_job_that_is_not_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worker, "_announce", lambda *_: True)
    assert [simulation.lost for simulation in play(range(PLANTED)) if simulation.lost]
