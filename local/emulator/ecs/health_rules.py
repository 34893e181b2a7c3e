"""Gap (1.5.33, upstream): containers' health checks are not run; their rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

UNKNOWN, HEALTHY, UNHEALTHY = "UNKNOWN", "HEALTHY", "UNHEALTHY"
DEFAULT_INTERVAL_SECONDS = 30.0
DEFAULT_TIMEOUT_SECONDS = 5.0
DEFAULT_RETRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """A container's health check; times in seconds."""

    command: tuple[str, ...]
    interval_seconds: float
    timeout_seconds: float
    retries: int
    start_period_seconds: float


@dataclass(frozen=True, slots=True)
class Health:
    """A container's status and how many checks have failed in a row."""

    status: str = UNKNOWN
    failures: int = 0


def health_check(definition: Mapping[str, Any] | None) -> HealthCheck | None:
    """Read a task definition's `healthCheck`; None if there is none or it is switched off."""
    command = shell_or_list((definition or {}).get("command") or [])
    if definition is None or not command:
        return None
    return HealthCheck(
        command=command,
        interval_seconds=float(definition.get("interval") or DEFAULT_INTERVAL_SECONDS),
        timeout_seconds=float(definition.get("timeout") or DEFAULT_TIMEOUT_SECONDS),
        retries=int(definition.get("retries") or DEFAULT_RETRIES),
        start_period_seconds=float(definition.get("startPeriod") or 0.0),
    )


def shell_or_list(command: Sequence[str]) -> tuple[str, ...]:
    """Return what to run for `CMD-SHELL text`, `CMD words...` or `NONE` (nothing)."""
    if not command or command[0] == "NONE":
        return ()
    if command[0] == "CMD-SHELL":
        return ("/bin/sh", "-c", *command[1:])
    return tuple(command[1:] if command[0] == "CMD" else command)


def after_check(check: HealthCheck, health: Health, *, passed: bool, age_seconds: float) -> Health:
    """Return the health after one more check of a container that runs for `age_seconds`.

    Failures do not count in the start period, unless the container has been healthy before.
    """
    if passed:
        return Health(HEALTHY)
    if health.status == UNKNOWN and age_seconds < check.start_period_seconds:
        return health
    failures = health.failures + 1
    return Health(UNHEALTHY if failures >= check.retries else health.status, failures)


def task_health(statuses: Sequence[str]) -> str:
    """Return a task's health from that of its essential containers with a check."""
    if not statuses:
        return UNKNOWN
    for worst in (UNHEALTHY, UNKNOWN):
        if worst in statuses:
            return worst
    return HEALTHY
