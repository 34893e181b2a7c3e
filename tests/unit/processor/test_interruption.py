import signal
from collections.abc import Iterator

import pytest

from runtime.core.errors import Permanent
from runtime.processor.interruption import Interruption, StopRequestedError, stop_on_signals
from tests.fakes.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def interruption(clock: FakeClock) -> Interruption:
    return Interruption(clock=clock, timeout_seconds=10.0)


@pytest.fixture
def handlers() -> Iterator[None]:
    """Put the test runner's own signal handlers back."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


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


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_should_stop_at_the_next_check_after_a_signal(
    interruption: Interruption, number: signal.Signals
) -> None:
    stop_on_signals(interruption)
    interruption.check()
    signal.raise_signal(number)
    with pytest.raises(StopRequestedError):
        interruption.check()


def test_should_rather_resume_than_fail_when_both_have_come(
    clock: FakeClock, interruption: Interruption
) -> None:
    clock.advance(11.0)
    interruption.request_stop()
    with pytest.raises(StopRequestedError):
        interruption.check()
