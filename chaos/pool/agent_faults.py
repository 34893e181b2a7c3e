"""Injects every kind of fault into the workers' task agent, now and then."""

import json
import random
import threading
import urllib.request
from collections.abc import Callable
from typing import Any

from chaos.outages import Outages

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


def _ignore(_calls: int) -> None:
    """Count no call."""


class AgentFaults:
    """A thread that switches faults on until `stop`.

    `on_outage_met` gets the number of calls to the agent that an outage of ECS refused.
    """

    def __init__(
        self,
        endpoint_url: str,
        *,
        seed: int,
        seconds_between: tuple[float, float] = SECONDS_BETWEEN,
        outages: Outages | None = None,
        on_outage_met: Callable[[int], None] = _ignore,
    ) -> None:
        self._url = endpoint_url + PATH
        self._between = seconds_between
        self._outages = outages
        self._on_outage_met = on_outage_met
        self._rng = random.Random(f"{seed}/agent")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.count = 0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Switch the faults off."""
        self._stop.set()
        self._thread.join()
        self._clear()

    def switch(self) -> None:
        """Put the next fault in the place of the present one."""
        out = self._outages is not None and self._outages.has("ecs")
        fault = OUT if out else {**self._rng.choice(FAULTS), "calls": self._rng.choice(CALLS)}
        # Faults that no call has met by now must not add up.
        self._clear()
        self._send("PUT", fault)
        self.count += 1

    def _run(self) -> None:
        while not self._stop.wait(self._rng.uniform(*self._between)):
            self.switch()

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
