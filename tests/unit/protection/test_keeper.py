import pytest

from runtime.core.contract import Metric
from runtime.protection.answers import Answer, NotApplicable, Protected, Refused
from runtime.protection.errors import ProtectionLostError, forced
from runtime.protection.lease import FOREVER, Enable, Wait
from runtime.protection.lease_record import Call
from runtime.protection.slots import Slot, SlotState
from tests.fakes.protection import BLOCKED, DENIED, NETWORK_FAULT, STANDALONE
from tests.unit.protection.benches import KeeperBench


def state_of(slot: Slot) -> SlotState:
    """Look again: a type checker believes that what was asserted once stays so."""
    return slot.state


@pytest.fixture
def bench() -> KeeperBench:
    return KeeperBench()


def test_should_never_be_on_at_start_up(bench: KeeperBench) -> None:
    bench.play(100_000)
    assert bench.ecs.calls == []


def test_should_call_on_transitions_and_renewals_only(bench: KeeperBench) -> None:
    first = bench.take("a")
    bench.play(60)
    second = bench.take("b")
    bench.play(70)
    bench.keeper.release(first)
    bench.play(60)
    bench.keeper.release(second)
    bench.play(10_000)
    assert bench.ecs.calls == ["enable 7", "enable 7", "disable"]
    assert bench.keeper.snapshot().counters.renewals == 1


def test_should_hold_one_lease_until_the_last_of_several_sessions_ends(bench: KeeperBench) -> None:
    slots = [bench.take(str(n)) for n in range(3)]
    for slot in slots:
        bench.play(200)
        assert bench.ecs.on
        bench.keeper.release(slot)
    bench.play(0)
    assert not bench.ecs.on


def test_should_renew_before_a_session_joins_what_is_left_of_a_lease(bench: KeeperBench) -> None:
    bench.take("a")
    bench.play(0)
    policy = bench.keeper.policy
    bench.clock.advance(policy.lease_seconds - policy.joinable_seconds + 1)
    late = bench.take("b")
    assert state_of(late) is SlotState.WAITING
    bench.play(0)
    assert state_of(late) is SlotState.HELD
    assert bench.ecs.calls == ["enable 7", "enable 7"]


def test_should_make_no_call_for_a_session_that_follows_at_once(bench: KeeperBench) -> None:
    slot = bench.take()
    bench.play(10)
    bench.keeper.release(slot)
    bench.take()
    bench.play(10)
    assert bench.ecs.calls == ["enable 7"]


def test_should_not_let_a_session_join_a_lease_that_is_being_taken_off(bench: KeeperBench) -> None:
    slot = bench.take()
    bench.play(10)
    bench.keeper.release(slot)
    disabling = bench.keeper.begin()
    late = bench.take("late")
    assert state_of(late) is SlotState.WAITING
    assert isinstance(disabling, Call)
    bench.keeper.finish(disabling, bench.ask(disabling))
    bench.play(0)
    assert state_of(late) is SlotState.HELD
    assert bench.ecs.on


def test_should_retry_within_seconds_of_a_failure(bench: KeeperBench) -> None:
    bench.take()
    bench.play(119)
    bench.ecs.answers = [NETWORK_FAULT] * 4
    bench.play(1 + 1 + 2 + 4 + 4 + 0.1)
    assert bench.ecs.calls == ["enable 7"] * 6
    assert bench.ecs.answers == []


def test_should_survive_an_outage_of_four_minutes(bench: KeeperBench) -> None:
    slot = bench.take()
    bench.play(119)
    bench.ecs.always = NETWORK_FAULT
    bench.play(240)
    bench.ecs.always = None
    bench.play(10)
    bench.keeper.check(slot)
    assert bench.ecs.on


def test_should_tell_the_job_in_time_when_an_outage_is_too_long(bench: KeeperBench) -> None:
    slot = bench.take()
    bench.play(119)
    bench.ecs.always = NETWORK_FAULT
    bench.play(256.5)
    with pytest.raises(ProtectionLostError, match="could not be renewed"):
        bench.keeper.check(slot)
    assert slot.lost.is_set()
    assert bench.ecs.expires_at - bench.clock.now() > 40


def test_should_tell_the_job_without_help_of_the_thread(bench: KeeperBench) -> None:
    slot = bench.take()
    bench.play(0)
    bench.clock.advance(374.9)
    bench.keeper.check(slot)
    bench.clock.advance(0.2)
    with pytest.raises(ProtectionLostError):
        bench.keeper.check(slot)


def test_should_lose_the_lease_when_a_renewal_is_refused(bench: KeeperBench) -> None:
    slot = bench.take()
    bench.play(119)
    bench.ecs.always = BLOCKED
    bench.play(2)
    with pytest.raises(ProtectionLostError, match="DEPLOYMENT_BLOCKED"):
        bench.keeper.check(slot)
    assert bench.ecs.calls == ["enable 7", "enable 7"]


def test_should_keep_what_is_left_of_a_refused_lease_for_the_checkpoint(bench: KeeperBench) -> None:
    slot = bench.take()
    bench.play(119)
    bench.ecs.answers = [BLOCKED]
    bench.play(30)
    assert bench.ecs.on
    bench.keeper.release(slot)
    bench.play(0)
    assert not bench.ecs.on


def test_should_lose_the_lease_when_the_task_is_suddenly_not_valid(bench: KeeperBench) -> None:
    slot = bench.take()
    bench.play(119)
    bench.ecs.answers = [STANDALONE]
    bench.play(2)
    with pytest.raises(ProtectionLostError, match="TASK_NOT_VALID"):
        bench.keeper.check(slot)


@pytest.mark.parametrize("answer", [STANDALONE, NotApplicable("any reason")])
def test_should_say_once_that_it_does_not_apply_and_carry_on(
    bench: KeeperBench, answer: Answer
) -> None:
    bench.ecs.always = answer
    for _ in range(3):
        slot = bench.take()
        bench.play(1000)
        bench.keeper.check(slot)
        bench.keeper.release(slot)
        bench.play(1000)
    assert len(bench.ecs.calls) == 1
    assert bench.log.actions().count("protection.not_applicable") == 1
    assert bench.log.actions("ERROR") == []


def test_should_end_the_protection_of_a_stuck_job_at_its_cap(bench: KeeperBench) -> None:
    stuck = bench.take(cap_at=1000.0)
    bench.play(950)
    with pytest.raises(ProtectionLostError, match="up to its deadline"):
        bench.keeper.check(stuck)
    bench.play(50)
    assert not bench.ecs.on
    calls = len(bench.ecs.calls)
    bench.play(100_000)
    assert len(bench.ecs.calls) == calls


def test_should_let_a_capped_session_go_and_keep_the_other(bench: KeeperBench) -> None:
    capped, free = bench.take("capped", cap_at=1000.0), bench.take("free")
    bench.play(2000)
    with pytest.raises(ProtectionLostError):
        bench.keeper.check(capped)
    bench.keeper.check(free)
    assert bench.ecs.on


def test_should_take_protection_off_by_force_and_tell_everybody(bench: KeeperBench) -> None:
    slots = [bench.take("a"), bench.take("b")]
    bench.play(10)
    bench.keeper.revoke_all(forced("any reason"), evict=True)
    bench.play(0)
    assert not bench.ecs.on
    for slot in slots:
        with pytest.raises(ProtectionLostError, match="any reason"):
            bench.keeper.check(slot)


def test_should_retry_taking_protection_off(bench: KeeperBench) -> None:
    slot = bench.take()
    bench.play(10)
    bench.keeper.release(slot)
    bench.ecs.answers = [NETWORK_FAULT, BLOCKED]
    bench.play(10)
    assert not bench.ecs.on
    assert bench.ecs.calls[-3:] == ["disable", "read", "disable"]


@pytest.mark.parametrize("answer", [STANDALONE, NotApplicable("any reason")], ids=str)
def test_should_admit_no_session_without_protection_where_it_is_required(answer: Answer) -> None:
    bench = KeeperBench(required=True)
    bench.ecs.answers = [answer]
    slot = bench.take()
    bench.play()
    with pytest.raises(ProtectionLostError, match="refuses to protect"):
        bench.keeper.check(slot)
    assert bench.keeper.snapshot().unprotectable
    assert bench.metrics.total(Metric.PROTECTION_REFUSALS) == 1
    bench.keeper.release(slot)
    following = bench.take("next")
    bench.play()
    bench.keeper.check(following)
    assert (bench.ecs.on, bench.keeper.snapshot().unprotectable) == (True, False)


@pytest.mark.parametrize("hours", [-12, -1, 1, 12])
def test_should_not_mind_a_wall_clock_that_jumps(bench: KeeperBench, hours: int) -> None:
    slot = bench.take()
    bench.play(100)
    truth = bench.clock.now
    bench.clock.set_wall(truth() + hours * 3600)
    expires = bench.clock.now() + 420
    call = Call(Enable(7, renewal=True), bench.clock.monotonic())
    bench.keeper.finish(call, Protected(expires - hours * 3600, None))
    left = bench.keeper.snapshot().seconds_to_expiry
    assert left == 420
    bench.keeper.check(slot)


def test_should_know_when_asking_again_is_useless(bench: KeeperBench) -> None:
    bench.take()
    bench.ecs.answers = [DENIED]
    bench.play(0)
    permanent_error = bench.keeper.permanent_error()
    assert permanent_error is not None
    assert "ecs:UpdateTaskProtection" in permanent_error.resolution
    bench.play(2)
    assert bench.keeper.permanent_error() is None


def test_should_refuse_a_session_at_once_when_ecs_does(bench: KeeperBench) -> None:
    slot = bench.take()
    bench.ecs.always = Refused("DEPLOYMENT_BLOCKED", "any detail")
    bench.play(0)
    with pytest.raises(ProtectionLostError, match="any detail"):
        bench.keeper.check(slot)


def test_should_wait_for_ever_when_idle(bench: KeeperBench) -> None:
    assert bench.keeper.begin() == Wait(FOREVER)


def test_should_report_margin_left_at_each_renewal(bench: KeeperBench) -> None:
    bench.take()
    bench.play(1000)
    counters = bench.keeper.snapshot().counters
    assert counters.renewals == 8
    assert counters.seconds_left_at_renewal == 300
    assert "protection.renewed" in bench.log.actions("INFO")


def test_should_count_renewals_with_the_seconds_that_were_left(bench: KeeperBench) -> None:
    bench.take()
    bench.play(600.0)
    renewals = bench.metrics.total(Metric.PROTECTION_RENEWALS)
    assert renewals == bench.keeper.snapshot().counters.renewals > 2
    margins = bench.metrics.values(Metric.PROTECTION_MARGIN_SECONDS)
    ages = bench.metrics.values(Metric.PROTECTION_LEASE_AGE_SECONDS)
    assert all(margin >= 300.0 for margin in margins)
    assert [margin + age for margin, age in zip(margins, ages, strict=True)] == [420.0] * len(ages)


def test_should_count_refusals_failures_and_lost_leases(bench: KeeperBench) -> None:
    bench.take()
    bench.play()
    bench.ecs.always = NETWORK_FAULT
    bench.play(420.0)
    counters = bench.keeper.snapshot().counters
    assert bench.metrics.total(Metric.PROTECTION_FAILURES) == counters.failures > 10
    assert bench.metrics.total(Metric.PROTECTION_LEASES_LOST) == 1
    bench.ecs.always = BLOCKED
    bench.play(60.0)
    bench.take("another")
    bench.play()
    assert bench.metrics.total(Metric.PROTECTION_REFUSALS) == 1
