"""The keeper when an answer of ECS is lost or late: the call may or may not have landed."""

import pytest

from runtime.protection.lease import Enable
from runtime.protection.lease_record import Call
from tests.fakes.protection import NETWORK_FAULT
from tests.unit.protection.benches import KeeperBench


@pytest.fixture
def bench() -> KeeperBench:
    return KeeperBench()


def test_should_take_off_what_a_lost_answer_put_on(bench: KeeperBench) -> None:
    slot = bench.take()
    call = bench.keeper.begin()
    assert isinstance(call, Call)
    bench.keeper.finish(call, NETWORK_FAULT)
    bench.keeper.release(slot)
    settle = bench.keeper.policy.settle_seconds
    bench.play(settle - 1)
    assert bench.ecs.calls == ["disable"]
    bench.ecs.expires_at = bench.clock.now() + 420
    bench.play(1.1)
    assert bench.ecs.calls == ["disable", "disable"]
    bench.play(10_000)
    assert bench.ecs.calls == ["disable", "disable"]
    assert not bench.ecs.on


def test_should_protect_at_once_when_a_lost_disable_is_read_to_have_landed(
    bench: KeeperBench,
) -> None:
    slot = bench.take()
    bench.play(60)
    bench.keeper.release(slot)
    call = bench.keeper.begin()
    assert isinstance(call, Call)
    bench.ecs.disable()
    bench.keeper.finish(call, NETWORK_FAULT)
    bench.ecs.calls.clear()
    bench.take("next")
    bench.play(5)
    assert bench.ecs.calls == ["read", "enable 7"]
    assert bench.ecs.on


def test_should_not_take_the_end_of_a_lease_for_a_disable_that_landed(bench: KeeperBench) -> None:
    slot = bench.take()
    bench.play(60)
    bench.keeper.release(slot)
    bench.clock.advance(350)
    call = bench.keeper.begin()
    assert isinstance(call, Call)
    bench.keeper.finish(call, NETWORK_FAULT)
    bench.clock.advance(20)
    assert not bench.ecs.on
    bench.ecs.calls.clear()
    bench.take("next")
    bench.play(bench.keeper.policy.settle_seconds - 21)
    assert bench.ecs.calls == []


def test_should_not_protect_again_before_a_lost_disable_has_landed(bench: KeeperBench) -> None:
    slot = bench.take()
    bench.play(60)
    bench.keeper.release(slot)
    call = bench.keeper.begin()
    assert isinstance(call, Call)
    bench.keeper.finish(call, NETWORK_FAULT)
    bench.ecs.calls.clear()
    settled = bench.clock.monotonic() + bench.keeper.policy.settle_seconds
    bench.take("next")
    bench.play(bench.keeper.policy.settle_seconds - 0.1)
    assert "enable 7" not in bench.ecs.calls
    bench.play(0.2)
    assert bench.ecs.calls[-1] == "enable 7"
    assert bench.clock.monotonic() >= settled


def test_should_disable_again_although_the_first_answer_came_very_late(bench: KeeperBench) -> None:
    slot = bench.take()
    call = bench.keeper.begin()
    assert isinstance(call, Call)
    bench.keeper.finish(call, NETWORK_FAULT)
    bench.keeper.release(slot)
    disable = bench.keeper.begin()
    assert isinstance(disable, Call)
    answer = bench.ask(disable)
    bench.ecs.enable(7)  # the lost request lands
    bench.clock.advance(2 * bench.keeper.policy.settle_seconds)  # the thread is stalled
    bench.keeper.finish(disable, answer)
    bench.play(1.0)
    assert not bench.ecs.on


def test_should_believe_no_more_than_a_late_request_for_less_would_leave(
    bench: KeeperBench,
) -> None:
    capped = bench.take(cap_at=180.0)
    call = bench.keeper.begin()
    assert isinstance(call, Call)
    assert call.action == Enable(3, renewal=False)
    bench.keeper.finish(call, NETWORK_FAULT)
    bench.take("free")
    bench.play(1.0)
    assert bench.ecs.calls == ["enable 7"]
    left = bench.keeper.snapshot().seconds_to_expiry
    assert left is not None
    assert left <= 180
    bench.keeper.check(capped)
