"""Sends spans to traces without delaying or failing a job."""

import threading
from collections.abc import Callable
from typing import Protocol

from runtime.core.clock import MonotonicClock
from runtime.core.errors import LifestreamError
from runtime.core.log import Log
from runtime.core.ports import Traces
from runtime.core.spans import Document, Span, document

QUIET_SECONDS = 60.0
"""Pause after a failure, so that a hanging service does not slow down every flush."""


class Tracing(Protocol):
    """A sink of spans. Its methods never raise."""

    def add(self, span: Span) -> None:
        """Queue a span; does no I/O."""

    def flush(self) -> None:
        """Send the queued spans; takes at most as long as the adapter's calls."""

    def flush_soon(self) -> None:
        """Send the queued spans in another thread."""


class NoTracing:
    """Drops all spans."""

    def add(self, span: Span) -> None:
        """Do nothing."""

    def flush(self) -> None:
        """Do nothing."""

    def flush_soon(self) -> None:
        """Do nothing."""


def _in_background(work: Callable[[], None]) -> None:
    # A daemon thread, because exit must not wait for it: the process flushes on shutdown.
    threading.Thread(target=work, name="traces", daemon=True).start()


class SentTracing:
    """Queues spans until a flush sends them; thread-safe.

    Spans that cannot be sent are dropped; the first failure after a success is logged.
    """

    def __init__(
        self,
        *,
        traces: Traces,
        environment: str,
        clock: MonotonicClock,
        log: Log,
        in_background: Callable[[Callable[[], None]], None] = _in_background,
    ) -> None:
        self._traces = traces
        self._environment = environment
        self._clock = clock
        self._log = log
        self._in_background = in_background
        self._adding, self._sending = threading.Lock(), threading.Lock()
        self._added: list[Document] = []
        self._quiet_until: float | None = None
        self._failing = False

    def add(self, span: Span) -> None:
        """Queue a span; does no I/O."""
        with self._adding:
            self._added.append(document(span, environment=self._environment))

    def flush(self) -> None:
        """Send the queued spans; takes at most as long as the adapter's calls.

        One flush at a time, in the order of `add`: a span in progress must not replace its end.
        """
        with self._sending:
            with self._adding:
                taken, self._added = self._added, []
            quiet = self._quiet_until is not None and self._clock.monotonic() < self._quiet_until
            if taken and not quiet:
                self._send(taken)

    def flush_soon(self) -> None:
        """Send the queued spans in another thread."""
        self._in_background(self.flush)

    def _send(self, documents: list[Document]) -> None:
        try:
            self._traces.put(documents)
        except Exception as error:  # noqa: BLE001 - no error of tracing may fail a job
            code = error.code if isinstance(error, LifestreamError) else "internal"
            self._quiet_until = self._clock.monotonic() + QUIET_SECONDS
            if not self._failing:
                self._log.warning("traces.not_sent", code=code, error=str(error))
            self._failing = True
        else:
            self._failing = False
