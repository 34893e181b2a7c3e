import pytest

from local.emulator.ecs.health_rules import (
    HEALTHY,
    UNHEALTHY,
    UNKNOWN,
    Health,
    HealthCheck,
    after_check,
    health_check,
    task_health,
)

CHECK = HealthCheck(
    command=("any",), interval_seconds=30, timeout_seconds=5, retries=3, start_period_seconds=10
)


def test_should_fill_in_ecs_defaults() -> None:
    found = health_check({"command": ["CMD-SHELL", "exit 0"]})
    assert found is not None
    assert found.command == ("/bin/sh", "-c", "exit 0")
    assert (found.interval_seconds, found.timeout_seconds, found.retries) == (30.0, 5.0, 3)


@pytest.mark.parametrize("definition", [None, {}, {"command": ["NONE"]}])
def test_should_be_no_check(definition: dict[str, list[str]] | None) -> None:
    assert health_check(definition) is None


def test_should_be_unhealthy_after_its_retries_only() -> None:
    health = Health(HEALTHY)
    seen = []
    for _ in range(3):
        health = after_check(CHECK, health, passed=False, age_seconds=99)
        seen.append(health.status)
    assert seen == [HEALTHY, HEALTHY, UNHEALTHY]
    assert after_check(CHECK, health, passed=True, age_seconds=99) == Health(HEALTHY)


def test_should_not_count_failures_of_the_start_period() -> None:
    health = Health()
    for _ in range(5):
        health = after_check(CHECK, health, passed=False, age_seconds=9)
    assert health == Health(UNKNOWN)
    assert after_check(CHECK, Health(HEALTHY), passed=False, age_seconds=9).failures == 1


def test_should_be_as_healthy_as_the_worst_container() -> None:
    assert task_health([HEALTHY, UNHEALTHY]) == UNHEALTHY
    assert task_health([HEALTHY, UNKNOWN]) == UNKNOWN
    assert task_health([HEALTHY]) == HEALTHY
    assert task_health([]) == UNKNOWN
