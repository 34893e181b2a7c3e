"""What protection needs from its application: clocks, threads, a log, and a sink of counts."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any, Protocol


class Monotonic(Protocol):
    """Seconds from an arbitrary origin that never go back."""

    def monotonic(self) -> float:
        """Return the current reading in seconds."""


class Wall(Protocol):
    """Seconds since the epoch."""

    def now(self) -> float:
        """Return the current time in seconds since the epoch (UTC)."""


class Reentrant(Protocol):
    """A lock as a context, which its holder may enter again."""

    def __enter__(self) -> object:
        """Acquire the lock."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """Release the lock."""


class Condition(Reentrant, Protocol):
    """A lock that threads can wait on, as `threading.Condition`."""

    def wait(self, timeout: float | None = None) -> bool:
        """Release the lock until notified or the timeout; return whether it was notified."""

    def wait_for(self, predicate: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait until the predicate holds or the timeout; return its last value."""

    def notify_all(self) -> None:
        """Wake every thread that waits."""


class Lock(Reentrant, Protocol):
    """A lock that its holder may acquire again, as `threading.RLock`."""

    def acquire(self, blocking: bool = True) -> bool:  # noqa: FBT001, FBT002 - as the system's
        """Acquire the lock; unless `blocking`, return False if another thread has it."""

    def release(self) -> None:
        """Release the lock."""


class Thread(Protocol):
    """A thread that can be waited for."""

    def start(self) -> None:
        """Begin."""

    def is_alive(self) -> bool:
        """Return whether it has begun and not ended."""

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""


class Threads(Protocol):
    """Makes threads and what they wait on: the operating system's, or those of a simulation."""

    def condition(self) -> Condition:
        """Return a new condition."""

    def lock(self) -> Lock:
        """Return a new lock."""

    def thread(self, run: Callable[[], None], name: str) -> Thread:
        """Return a new daemon thread, not started yet."""


class SystemThreads:
    """Threads of the operating system."""

    def condition(self) -> Condition:
        """Return a new condition."""
        return threading.Condition()

    def lock(self) -> Lock:
        """Return a new lock."""
        return threading.RLock()

    def thread(self, run: Callable[[], None], name: str) -> Thread:
        """Return a new daemon thread, not started yet."""
        return threading.Thread(target=run, name=name, daemon=True)


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
