"""Faults of the ECS agent, for some calls or until cleared."""

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

FIELDS = frozenset({"task", "calls", "latency_seconds", "failure", "error", "silent", "lands"})


class InvalidFaultError(ValueError):
    """The description of a fault is invalid; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """How the agent misbehaves.

    task: the ARN of the only task concerned, None for every task. calls: how many calls it lasts,
    None for until cleared. latency_seconds: how long ECS takes to answer the agent, which gives up
    after its own timeout. failure: a reason with which ECS refuses. error: status, code and message
    of an error of ECS. silent: the agent never answers. lands: whether a call that times out, fails
    or stays unanswered has taken effect nevertheless.
    """

    task: str | None = None
    calls: int | None = None
    latency_seconds: float = 0.0
    failure: str | None = None
    error: tuple[int, str, str] | None = None
    silent: bool = False
    lands: bool = False


NO_FAULT = Fault()


def fault_from(given: Mapping[str, Any]) -> Fault:
    """Read a fault from JSON; raise `InvalidFaultError`."""
    if unknown := set(given) - FIELDS:
        raise InvalidFaultError(f"unknown: {sorted(unknown)}; known: {sorted(FIELDS)}")
    try:
        error = given.get("error")
        return Fault(
            task=given.get("task"),
            calls=None if given.get("calls") is None else int(given["calls"]),
            latency_seconds=float(given.get("latency_seconds") or 0.0),
            failure=given.get("failure"),
            error=error
            and (int(error["status"]), str(error["code"]), str(error.get("message", ""))),
            silent=bool(given.get("silent")),
            lands=bool(given.get("lands")),
        )
    except (KeyError, TypeError, ValueError) as wrong:
        raise InvalidFaultError(f"not a fault: {wrong!r}") from wrong


@dataclass(slots=True)
class AgentFaults:
    """The faults that are switched on; the latest that concerns a task counts."""

    _faults: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def switch_on(self, fault: Fault) -> None:
        """Add a fault."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._faults.clear()

    def take(self, task_arn: str) -> Fault:
        """Return the fault of a task's next call, and count the call."""
        with self._lock:
            for index in reversed(range(len(self._faults))):
                fault = self._faults[index]
                if fault.task not in {None, task_arn}:
                    continue
                if fault.calls is not None:
                    self._faults[index] = replace(fault, calls=fault.calls - 1)
                    if fault.calls <= 1:
                        del self._faults[index]
                return fault
        return NO_FAULT

    def describe(self) -> list[dict[str, Any]]:
        """Return the faults that are on, as JSON values."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]
