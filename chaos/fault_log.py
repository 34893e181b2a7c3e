"""Logs which faults of the plan have been injected."""

import json
import threading
from collections import Counter
from pathlib import Path

from chaos.job_numbers import SWEEPS
from chaos.outages import outage_name
from chaos.plan import DISTURBING, Fault, Occurrence, Plan, Scenario


class FaultLog:
    """Gives each planned fault once and appends it to `log` as a line of JSON. Thread-safe."""

    def __init__(self, plan: Plan, log: Path) -> None:
        self._plan = plan
        self._log = log
        self._lock = threading.Lock()
        self._disturbed: set[int] = set()
        self.kinds: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """Number of faults injected."""
        with self._lock:
            return self.kinds.total()

    @property
    def disturbed(self) -> frozenset[int]:
        """The jobs of which a process was killed, stopped or frozen."""
        with self._lock:
            return frozenset(self._disturbed)

    def count_outage(self, service: str, calls: int = 1) -> None:
        """Count calls that were refused because their service is out."""
        with self._lock:
            self.kinds[outage_name(service)] += calls

    def draw(self, number: int, occurrence: Occurrence) -> Fault | None:
        """Return the fault planned for an occurrence and log it."""
        fault = self._scenario(number).fault(occurrence)
        if fault is not None:
            line = {
                "job": number,
                "caller": occurrence.call.caller,
                "call": occurrence.call.name,
                "count": occurrence.count,
                "fault": fault.kind,
            }
            with self._lock:
                self.kinds[fault.kind] += 1
                if fault.kind in DISTURBING:
                    self._disturbed.add(number)
                with self._log.open("a") as log:
                    log.write(json.dumps(line) + "\n")
        return fault

    def _scenario(self, number: int) -> Scenario:
        return self._plan.sweeps if number == SWEEPS else self._plan.jobs[number]
