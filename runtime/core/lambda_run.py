"""What the Lambda handlers share: the time left, and sending traces before the function freezes."""

from collections.abc import Callable
from typing import Protocol

from runtime.core.tracer import Tracing

TRACE_RESERVE_SECONDS = 5.0
"""Traces are sent only with at least this much time left; sending takes about 2 s at most."""


class LambdaContext(Protocol):
    """The part of Lambda's context object that the handlers use."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda ends this invocation."""


def remaining(context: LambdaContext) -> Callable[[], float]:
    """Return a function of the seconds left in this invocation."""
    return lambda: context.get_remaining_time_in_millis() / 1000


def send_traces(tracing: Tracing, remaining_seconds: Callable[[], float]) -> None:
    """Send the invocation's traces, unless that could cost it its answer.

    Lambda freezes the process afterwards, so spans that are not sent go with the next invocation.
    """
    if remaining_seconds() > TRACE_RESERVE_SECONDS:
        tracing.flush()
