"""What protection needs from its application: clocks, a log, and a sink of counts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class Monotonic(Protocol):
    """Seconds from an arbitrary origin that never go back."""

    def monotonic(self) -> float:
        """Return the current reading in seconds."""


class Wall(Protocol):
    """Seconds since the epoch."""

    def now(self) -> float:
        """Return the current time in seconds since the epoch (UTC)."""


class ActionLog(Protocol):
    """A sink of structured lines, each with a stable action such as `protection.renewed`."""

    def info(self, action: str, **fields: Any) -> None:
        """Record a step."""

    def warning(self, action: str, **fields: Any) -> None:
        """Record something a person may want to look at."""

    def error(self, action: str, **fields: Any) -> None:
        """Record a failure."""


class ProtectionMetric(StrEnum):
    """What is counted; ages and margins are in seconds."""

    LEASE_AGE_SECONDS = "ProtectionLeaseAgeSeconds"
    MARGIN_SECONDS = "ProtectionMarginSeconds"
    RENEWALS = "ProtectionRenewals"
    REFUSALS = "ProtectionRefusals"
    FAILURES = "ProtectionFailures"
    LEASES_LOST = "ProtectionLeasesLost"


def count_nothing(values: Mapping[str, float]) -> None:
    """Drop the values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """Where protection reports what it does; counts are dropped by default."""

    log: ActionLog
    count: Callable[[Mapping[str, float]], None] = count_nothing
