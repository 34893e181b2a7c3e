"""`python -m chaos.imports.instance`: the API with imports from one server of this machine.

Parts, leases and pauses are a fraction of the real ones, so that a run takes a minute.
"""

import os
import sys

from runtime.api import __main__ as api
from runtime.api.imports import download, records, workers
from runtime.api.outbound.transport import Outbound, OutboundPolicy, Timeouts
from runtime.core.clock import SystemClock

SITE_PORT = "CHAOS_SITE_PORT"
LOOPBACK = "127.0.0.1"
PART_BYTES = 256 << 10
LEASE_VARIABLE, LEASE_SECONDS = "CHAOS_LEASE_SECONDS", "4"
WAIT_SECONDS = 0.5
PAUSE_SECONDS = 0.2
MANY_TRIES = 50
"""Faults come by the dozen here; in production an import fails after a few days of them."""


def main() -> int:
    """Serve until SIGTERM."""
    download.SMALLEST_PART_BYTES = PART_BYTES
    for module in (download, records):
        vars(module)["LEASE_SECONDS"] = float(os.environ.get(LEASE_VARIABLE, LEASE_SECONDS))
    workers.WAIT_SECONDS = WAIT_SECONDS
    workers.FIRST_PAUSE_SECONDS = workers.LONGEST_PAUSE_SECONDS = PAUSE_SECONDS
    workers.MAX_TRIES = MANY_TRIES
    policy = OutboundPolicy(
        permit=lambda address: str(address) == LOOPBACK,
        ports=frozenset({int(os.environ[SITE_PORT])}),
        schemes=frozenset({"http"}),
    )
    return api.main(
        outbound=Outbound(
            clock=SystemClock(),
            policy=policy,
            resolver=lambda _host, _port: [LOOPBACK],
            timeouts=Timeouts(connect=2.0, read=1.0, total=60.0),
        )
    )


if __name__ == "__main__":
    sys.exit(main())
