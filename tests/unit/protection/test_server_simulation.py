"""The real `TaskProtection` in virtual time: its promises hold, and planted faults are found."""

from collections.abc import Iterable

import pytest

from runtime.protection.facade import TaskProtection
from runtime.protection.testing.simulation.records import ScheduleResult
from runtime.protection.testing.simulation.schedule import draw_crowded
from runtime.protection.testing.simulation.server import ServerSimulation
from runtime.protection.testing.simulation.virtual_threads import VirtualLock, VirtualThreads
from runtime.protection.testing.simulation.world import VirtualTime

SCHEDULES = 100
PLANTED = 30
"""Enough to find a missing guard."""

FORCED = range(50, 60)
"""Schedules in some of which protection is forced off while jobs are active."""


def play(seeds: Iterable[int]) -> list[ScheduleResult]:
    outcomes = []
    for seed in seeds:
        simulation = ServerSimulation(draw_crowded(seed))
        outcomes.append(simulation.run())
        assert simulation.stuck == 0, f"threads wait for each other, seed {seed}"
    return outcomes


def gaps(outcomes: Iterable[ScheduleResult]) -> int:
    return sum(len(outcome.gaps) for outcome in outcomes)


def held_idle(outcomes: Iterable[ScheduleResult]) -> int:
    return sum(len(outcome.held_idle) for outcome in outcomes)


def test_should_protect_active_jobs_without_a_gap_and_hold_nothing_while_idle() -> None:
    outcomes = play(range(SCHEDULES))
    assert (gaps(outcomes), held_idle(outcomes)) == (0, 0)
    calm = [outcome for outcome in outcomes if outcome.calm]
    assert sum(outcome.lost + outcome.turned_away for outcome in calm) == 0
    assert sum(outcome.started for outcome in calm) > PLANTED
    assert sum(outcome.turned_away for outcome in outcomes) > 0, "faults are felt"
    assert sum(outcome.renewals for outcome in outcomes) > PLANTED


def test_should_play_a_seed_the_same_way_every_time() -> None:
    assert play(range(10)) == play(range(10))


# ---------------------------------------------------------------- planted: one guard is missing


def test_should_find_a_count_and_what_follows_of_it_without_a_lock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of two jobs that start at once one leaks; one that starts as the last ends has a gap."""

    class NoLock(VirtualLock):
        def acquire(self, blocking: bool = True) -> bool:  # noqa: FBT001, FBT002 - as the real one
            del blocking
            return True

        def release(self) -> None:
            pass

    def no_lock(threads: VirtualThreads) -> NoLock:
        return NoLock(threads)

    monkeypatch.setattr(VirtualThreads, "lock", no_lock)
    outcomes = play(range(PLANTED))
    assert held_idle(outcomes) > 0
    assert gaps(outcomes) > 0


def test_should_find_a_check_that_waits_for_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The holder may wait for the answer to a call that only the checking thread makes."""
    acquire = VirtualLock.acquire
    monkeypatch.setattr(VirtualLock, "acquire", lambda lock, **_: acquire(lock))
    outcomes = play(range(PLANTED))
    assert sum(outcome.turned_away for outcome in outcomes if outcome.calm) > 0


def test_should_find_a_count_that_is_not_looked_at_in_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(TaskProtection, "_look", lambda _protection: None)
    assert held_idle(play(range(PLANTED))) > 0


def test_should_find_protection_that_cannot_be_forced_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TaskProtection, "force_disable", lambda *_: None)
    assert held_idle(play(FORCED)) > 0


# ---------------------------------------------------------------- the lock itself


def test_should_let_one_thread_have_a_lock_and_the_others_wait_or_go_without() -> None:
    virtual = VirtualThreads(VirtualTime(), preempts=lambda: 0.0)
    lock, seen = virtual.lock(), []

    def holds() -> None:
        with lock, lock:
            virtual.sleep(5.0)
        with lock:
            seen.append(("again", virtual.time.at))

    def waits() -> None:
        virtual.sleep(1.0)
        assert not lock.acquire(blocking=False)
        with lock:
            seen.append(("waited", virtual.time.at))
            virtual.sleep(1.0)

    for run in (holds, waits):
        virtual.thread(run, name="any").start()
    virtual.run()
    assert seen == [("again", 5.0), ("waited", 5.0)]


def test_should_refuse_a_lock_within_a_condition() -> None:
    virtual = VirtualThreads(VirtualTime(), preempts=lambda: 0.0)
    condition, lock = virtual.condition(), virtual.lock()

    def nests() -> None:
        with condition, lock:
            raise AssertionError("unreachable")

    virtual.thread(nests, name="any").start()
    with pytest.raises(RuntimeError, match="holds a condition"):
        virtual.run()
