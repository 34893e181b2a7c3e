"""Injects every kind of fault into the workers' task agent, now and then."""

import json
import random
import urllib.request
from collections.abc import Callable
from typing import Any

from chaos.outages import NO_OUTAGES, Outages
from runtime.core.periodic_thread import PeriodicThread

SECONDS_BETWEEN = (2.0, 6.0)
CALLS = (1, 1, 2)
PATH = "/_local/agent-faults"

THROTTLED = {"status": 400, "code": "ThrottlingException", "message": "Rate exceeded"}
BROKEN = {"status": 500, "code": "ServerException", "message": "any"}

FAULTS: tuple[dict[str, Any], ...] = (
    {"latency_seconds": 1.5},
    {"latency_seconds": 60.0},
    {"latency_seconds": 60.0, "lands": True},
    {"error": THROTTLED},
    {"error": BROKEN},
    {"error": BROKEN, "lands": True},
    {"failure": "DEPLOYMENT_BLOCKED"},
)

OUT: dict[str, Any] = {"error": BROKEN, "calls": 1_000_000}
"""While ECS is out, until the next fault is switched on."""


class AgentFaults(PeriodicThread):
    """Within its context, switches one fault after another on.

    `on_outage_met` gets the number of calls to the agent that an outage of ECS refused.
    """

    def __init__(
        self,
        endpoint_url: str,
        *,
        seed: int,
        seconds_between: tuple[float, float] = SECONDS_BETWEEN,
        outages: Outages = NO_OUTAGES,
        on_outage_met: Callable[[int], None] = lambda _calls: None,
    ) -> None:
        super().__init__("agent faults", every_seconds=0.0)
        self._url = endpoint_url + PATH
        self._between = seconds_between
        self._outages = outages
        self._on_outage_met = on_outage_met
        self._rng = random.Random(f"{seed}/agent")
        self._every_seconds = self._rng.uniform(*seconds_between)
        self.count = 0

    def __exit__(self, *error: object) -> None:
        """Switch the faults off."""
        super().__exit__(*error)
        self._clear()

    def once(self) -> bool:
        """Put the next fault in the place of the present one."""
        out = self._outages.has("ecs")
        fault = OUT if out else {**self._rng.choice(FAULTS), "calls": self._rng.choice(CALLS)}
        # Faults that no call has met by now must not add up.
        self._clear()
        self._send("PUT", fault)
        self.count += 1
        self._every_seconds = self._rng.uniform(*self._between)
        return True

    def _clear(self) -> None:
        for fault in self._send("GET"):
            if fault["calls"] > max(CALLS):
                self._on_outage_met(OUT["calls"] - fault["calls"])
        self._send("DELETE")

    def _send(self, method: str, fault: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return the faults that are on after a request."""
        body = None if fault is None else json.dumps(fault).encode()
        request = urllib.request.Request(self._url, method=method, data=body)  # noqa: S310 - our own
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own
            faults: list[dict[str, Any]] = json.load(answer)["faults"]
        return faults
