"""Gap (1.5.33, upstream): a service whose tasks fail starts the next one at once.

Upstream with AWS's longer delays, which are for tasks that never reach RUNNING ("Amazon ECS service
throttle logic").
"""

from dataclasses import dataclass, field

from local.emulator.time_scale import scaled
from runtime.core.clock import MonotonicClock

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 60.0
STAYED_UP_SECONDS = 30.0
"""A task that ran for so long ends the row of failures."""

AFTER_RUNNING_SECONDS = scaled(60.0)
"""AWS does not throttle tasks that were RUNNING; Fargate's own start takes about a minute."""


def delay_seconds(failures: int) -> float:
    """Return how long to wait after so many failures in a row: none after the first."""
    if failures <= 1:
        return 0.0
    return min(LONGEST_SECONDS, float(FIRST_SECONDS * 2 ** (failures - 2)))


@dataclass(frozen=True, slots=True)
class RestartBackoff:
    """Failures in a row of each deployment."""

    clock: MonotonicClock
    _failures: dict[str, int] = field(default_factory=dict)
    _start_at: dict[str, float] = field(default_factory=dict)

    def failed(self, deployment: str, *, ran_seconds: float) -> None:
        """Record that a task ended by itself or never started."""
        before = 0 if ran_seconds >= STAYED_UP_SECONDS else self._failures.get(deployment, 0)
        self._failures[deployment] = before + 1
        longest = AFTER_RUNNING_SECONDS if ran_seconds > 0 else LONGEST_SECONDS
        delay = min(longest, delay_seconds(before + 1))
        self._start_at[deployment] = self.clock.monotonic() + delay

    def may_start(self, deployment: str) -> bool:
        """Return whether the deployment may start tasks now."""
        return self.clock.monotonic() >= self._start_at.get(deployment, 0.0)
