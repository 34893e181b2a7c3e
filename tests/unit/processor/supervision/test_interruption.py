import pytest

from runtime.core.errors import Permanent
from runtime.processor.supervision.interruption import Interruption, StopRequestedError
from tests.fakes.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def interruption(clock: FakeClock) -> Interruption:
    return Interruption(clock=clock, timeout_seconds=10.0)


def test_should_let_the_work_go_on_until_the_deadline(
    clock: FakeClock, interruption: Interruption
) -> None:
    clock.advance(9.9)
    interruption.check()
    clock.advance(0.1)
    with pytest.raises(Permanent, match=r"job\.deadline_exceeded"):
        interruption.check()


def test_should_not_mind_the_wall_clock(clock: FakeClock, interruption: Interruption) -> None:
    clock.set_wall(clock.now() + 1e6)
    interruption.check()


def test_should_stop_at_the_next_check_after_a_request(interruption: Interruption) -> None:
    interruption.check()
    interruption.request_stop()
    with pytest.raises(StopRequestedError, match=r"worker\.stopping"):
        interruption.check()


def test_should_stop_for_the_reason_it_is_given(clock: FakeClock) -> None:
    reasons: list[str] = []
    interruption = Interruption(
        clock=clock, timeout_seconds=10.0, find_stop_reason=lambda: reasons[0] if reasons else None
    )
    interruption.check()
    reasons.append("protection.refused")
    with pytest.raises(StopRequestedError, match=r"protection\.refused"):
        interruption.check()


def test_should_rather_resume_than_fail_when_both_have_come(
    clock: FakeClock, interruption: Interruption
) -> None:
    clock.advance(11.0)
    interruption.request_stop()
    with pytest.raises(StopRequestedError):
        interruption.check()
