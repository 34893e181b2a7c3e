"""Tracing by the account's X-Ray, or none: what composition roots choose from."""

from runtime.aws import clients
from runtime.aws.xray import XRayTraces
from runtime.core.clock import MonotonicClock
from runtime.core.log import Log
from runtime.core.tracer import NoTracing, SentTracing, Tracing


def tracing_of(
    *, wanted: bool, region: str, environment: str, clock: MonotonicClock, log: Log
) -> Tracing:
    """Return where this process says what it did for jobs."""
    if not wanted:
        return NoTracing()
    return SentTracing(
        traces=XRayTraces(clients.xray(region)), environment=environment, clock=clock, log=log
    )
