"""What a simulation keeps count of."""

from dataclasses import dataclass, field
from typing import Any

from ...lease import FOREVER
from ...slots import Slot
from ...status import Counters
from .schedule import Job


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which a job that had not lost its lease worked without protection."""

    job: int
    start: float
    end: float


@dataclass(slots=True)
class ScheduleResult:
    """Result of one schedule. `held_idle` are (start, end) of protection without a job.

    `unnoticed` counts the gaps of jobs that ended as if they had been protected all the time.
    """

    seed: int
    calm: bool
    gaps: list[Gap] = field(default_factory=list)
    held_idle: list[tuple[float, float]] = field(default_factory=list)
    over_cap: int = 0
    unnoticed: int = 0
    calls: int = 0
    started: int = 0
    turned_away: int = 0
    finished: int = 0
    lost: int = 0
    renewals: int = 0
    refusals: int = 0
    failures: int = 0

    def add_calls(self, counters: Counters) -> None:
        """Take over the counts of calls to ECS."""
        self.calls, self.renewals = counters.calls, counters.renewals
        self.refusals, self.failures = counters.refusals, counters.failures


class QuietLog:
    """A log that drops its lines."""

    def debug(self, action: str, **fields: Any) -> None:
        """Say nothing."""

    info = warning = error = debug

    def bind(self, **_fields: Any) -> "QuietLog":
        """Return itself."""
        return self


@dataclass(frozen=True, slots=True)
class ProtectionLimit:
    """Until when a call may protect at the most, if it took effect when it was decided."""

    until: float
    decided_at: float


@dataclass(slots=True, eq=False)
class Worker:
    """A job in the simulation; `accountable` while it must not be without protection."""

    number: int
    job: Job
    slot: Slot
    accountable: bool = False
    lost: bool = False
    since: float = 0.0
    polls_at: float = FOREVER
