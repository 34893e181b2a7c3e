"""The real manager and sessions in virtual time: no gap, and every guard's absence is found."""

from collections.abc import Callable, Iterable
from random import Random
from typing import Any

import pytest

from runtime.protection.keeper import LeaseKeeper
from runtime.protection.lease import FOREVER, Wait
from runtime.protection.manager import ProtectionManager
from runtime.protection.policy import gap_free
from runtime.protection.session import ProcessingSession
from runtime.protection.testing.simulation import task
from runtime.protection.testing.simulation.audit import Audit
from runtime.protection.testing.simulation.records import ProtectionLimit, ScheduleResult
from runtime.protection.testing.simulation.schedule import Job, Schedule, draw_short, strained
from runtime.protection.testing.simulation.sessions import SessionSimulation
from runtime.protection.testing.simulation.virtual_threads import VirtualThreads
from runtime.protection.testing.simulation.world import Ecs, VirtualTime

SCHEDULES = 100
STRAINED = 60
INTERRUPTED = (407, 721, 1302)
"""Seeds in which a stalled renewal lands after its lease, and the job looks at it too late."""


def rarely_polled(seed: int) -> Schedule:
    return strained(draw_short(seed), polls=True)


def play(
    seeds: Iterable[int], draw: Callable[[int], Schedule] = draw_short
) -> list[ScheduleResult]:
    return [SessionSimulation(draw(seed)).run() for seed in seeds]


def gaps(outcomes: Iterable[ScheduleResult]) -> int:
    return sum(len(outcome.gaps) for outcome in outcomes)


def test_should_find_no_gap_and_nothing_held_while_idle() -> None:
    outcomes = play(range(SCHEDULES))
    assert gaps(outcomes) == 0
    assert not [outcome for outcome in outcomes if outcome.held_idle or outcome.over_cap]
    assert not [outcome for outcome in outcomes if outcome.calm and outcome.lost]
    assert sum(outcome.renewals for outcome in outcomes) > SCHEDULES
    assert sum(outcome.failures for outcome in outcomes) > SCHEDULES


def test_should_find_no_gap_when_the_thread_stalls_beyond_every_margin() -> None:
    outcomes = play(range(STRAINED), lambda seed: strained(draw_short(seed), polls=False))
    assert gaps(outcomes) == 0
    assert sum(outcome.lost for outcome in outcomes) > 0, "the strain is felt"


def test_should_let_no_job_end_unaware_of_a_gap_that_its_rare_polls_made() -> None:
    outcomes = play([*range(STRAINED), *INTERRUPTED], rarely_polled)
    assert gaps(outcomes) > 0, "the strain is felt"
    assert sum(outcome.unnoticed for outcome in outcomes) == 0


@pytest.mark.parametrize(("seconds", "held"), [(66.0, 0), (68.0, 1)])
def test_should_count_protection_that_lands_late_from_when_it_landed(
    seconds: float, held: int
) -> None:
    schedule, time = draw_short(0), VirtualTime()
    outcome = ScheduleResult(0, calm=False)
    audit = Audit(
        policy=gap_free(),
        ecs=Ecs(schedule, Random(0)),  # noqa: S311 - a simulation
        time=time,
        outcome=outcome,
        note=lambda *_, **__: None,
    )
    time.at = 1000.0
    audit.protection_set(1420.0, ProtectionLimit(FOREVER, 1000.0), [])
    time.at += seconds
    audit.protection_cleared()
    assert len(outcome.held_idle) == held


def test_should_play_a_seed_the_same_way_every_time() -> None:
    assert play(range(10)) == play(range(10))


# ---------------------------------------------------------------- planted: one guard is missing


def test_should_find_a_late_renewal_taken_for_an_unbroken_lease(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(LeaseKeeper, "_lose_interrupted", lambda _keeper, _now: None)
    assert sum(outcome.unnoticed for outcome in play(INTERRUPTED, rarely_polled)) > 0


def test_should_find_sessions_that_never_look_at_their_lease(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ProcessingSession, "check", lambda _session: None)
    assert gaps(play(range(40))) > 0


def test_should_find_a_session_without_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    real = ProtectionManager.session

    def boundless(self: ProtectionManager, session_id: str, **_limits: Any) -> ProcessingSession:
        return real(self, session_id)

    monkeypatch.setattr(ProtectionManager, "session", boundless)
    assert sum(outcome.over_cap for outcome in play(range(40))) > 0


def test_should_find_a_session_that_is_not_released(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LeaseKeeper, "release", lambda _keeper, _slot: None)
    assert [outcome for outcome in play(range(20)) if outcome.held_idle]


def test_should_find_a_wake_up_that_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread must decide again under the lock, because a session may have come meanwhile."""

    def wait(self: ProtectionManager, step: Wait) -> bool:
        with self._keeper.condition:
            seconds = step.until - self._monotonic.monotonic()
            self._keeper.condition.wait(None if seconds == FOREVER else max(0.0, seconds))
        return not self._gave_up_closing()

    # Every second job comes while the thread is about to wait after the first one's end.
    arrivals = (at for n in range(120) for at in (n * 200.0, n * 200.0 + 1.0 + n % 40 * 0.15))
    jobs = tuple(Job(arrives=at, lasts=0.1, poll=0.1, checkpoint=0.1) for at in arrivals)
    pairs = Schedule(seed=1, policy=gap_free(), jobs=jobs, slow=0.0)
    monkeypatch.setattr(task, "PREEMPTION", 0.5)
    assert SessionSimulation(pairs).run().turned_away == 0
    monkeypatch.setattr(ProtectionManager, "_wait", wait)
    assert SessionSimulation(pairs).run().turned_away > 0


# ---------------------------------------------------------------- the threads themselves


def threads() -> VirtualThreads:
    return VirtualThreads(VirtualTime(), preempts=lambda: 0.0)


def test_should_wake_a_waiter_by_notification_or_by_time() -> None:
    virtual, seen = threads(), []
    condition = virtual.condition()

    def waiter() -> None:
        with condition:
            seen.append((condition.wait(5.0), virtual.time.at))
            seen.append((condition.wait(5.0), virtual.time.at))

    def notifier() -> None:
        virtual.sleep(2.0)
        with condition:
            condition.notify_all()

    for run in (waiter, notifier):
        virtual.thread(run, name="any").start()
    virtual.run()
    assert seen == [(True, 2.0), (False, 7.0)]


def test_should_raise_what_a_thread_raised_and_end_the_others() -> None:
    virtual = threads()

    def fails() -> None:
        virtual.sleep(1.0)
        raise ValueError("planted")

    waiting = virtual.thread(lambda: virtual.sleep(100.0), name="any")
    waiting.start()
    virtual.thread(fails, name="any").start()
    with pytest.raises(ValueError, match="planted"):
        virtual.run()
    assert not waiting.is_alive()


def test_should_refuse_to_sleep_with_a_lock() -> None:
    virtual = threads()
    condition = virtual.condition()

    def sleeps() -> None:
        with condition:
            virtual.sleep(1.0)

    virtual.thread(sleeps, name="any").start()
    with pytest.raises(RuntimeError, match="holds a lock"):
        virtual.run()
