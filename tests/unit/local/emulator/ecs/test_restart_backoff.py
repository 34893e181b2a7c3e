from local.emulator.ecs.restart_backoff import (
    AFTER_RUNNING_SECONDS,
    RestartBackoff,
    delay_seconds,
)
from tests.fakes.clock import FakeClock


def test_should_wait_longer_after_each_failure_up_to_a_minute() -> None:
    assert [delay_seconds(failures) for failures in range(6)] == [0, 0, 1, 2, 4, 8]
    assert delay_seconds(30) == 60.0


def test_should_not_start_before_the_delay_is_over() -> None:
    clock = FakeClock()
    backoff = RestartBackoff(clock)
    for _ in range(3):
        backoff.failed("any", ran_seconds=0.0)
    assert not backoff.may_start("any")
    assert backoff.may_start("another")
    clock.advance(2.0)
    assert backoff.may_start("any")


def test_should_forget_failures_once_a_task_stayed_up() -> None:
    backoff = RestartBackoff(FakeClock())
    for ran in (0.0, 0.0, 0.0, 30.0):
        backoff.failed("any", ran_seconds=ran)
    assert backoff.may_start("any")


def test_should_not_hold_back_a_service_whose_tasks_were_running() -> None:
    clock = FakeClock()
    backoff = RestartBackoff(clock)
    for _ in range(10):
        backoff.failed("any", ran_seconds=0.5)
    assert not backoff.may_start("any")
    clock.advance(AFTER_RUNNING_SECONDS)
    assert backoff.may_start("any")
