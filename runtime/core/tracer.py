"""Sends what was done for jobs to their traces, without ever holding a job up or failing it."""

import threading
from collections.abc import Callable
from typing import Protocol

from runtime.core.clock import MonotonicClock
from runtime.core.errors import LifestreamError
from runtime.core.log import Log
from runtime.core.ports import Traces
from runtime.core.spans import Document, Span, document

QUIET_SECONDS = 60.0
"""After a failure nothing is sent for so long: what hangs once would hang again."""


class Tracing(Protocol):
    """Where a component says what it did for a job. Nothing here raises."""

    def add(self, span: Span) -> None:
        """Remember a span; that takes no time."""
        ...

    def flush(self) -> None:
        """Send what was added, at most for as long as the adapter's calls may take."""
        ...

    def flush_soon(self) -> None:
        """Send what was added, in another thread."""
        ...


class NoTracing:
    """Where there are no traces."""

    def add(self, span: Span) -> None:
        """Do nothing."""

    def flush(self) -> None:
        """Do nothing."""

    def flush_soon(self) -> None:
        """Do nothing."""


def _in_background(work: Callable[[], None]) -> None:
    # A daemon: a process that ends flushes once more itself, and waits for nothing else.
    threading.Thread(target=work, name="traces", daemon=True).start()


class SentTracing:
    """Keeps spans until they are sent; safe to use from several threads.

    What cannot be sent is lost, and logged once until it works again.
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
        """Send to `traces`; nothing is sent before a flush."""
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
        """Remember a span; that takes no time."""
        with self._adding:
            self._added.append(document(span, environment=self._environment))

    def flush(self) -> None:
        """Send what was added, at most for as long as the adapter's calls may take.

        One at a time, in the order of adding: a span that has ended must not be replaced by itself
        in progress.
        """
        with self._sending:
            with self._adding:
                taken, self._added = self._added, []
            quiet = self._quiet_until is not None and self._clock.monotonic() < self._quiet_until
            if taken and not quiet:
                self._send(taken)

    def flush_soon(self) -> None:
        """Send what was added, in another thread."""
        self._in_background(self.flush)

    def _send(self, documents: list[Document]) -> None:
        try:
            self._traces.put(documents)
        except Exception as error:  # noqa: BLE001 - whatever it is, no job may fail of its trace
            code = error.code if isinstance(error, LifestreamError) else "internal"
            self._quiet_until = self._clock.monotonic() + QUIET_SECONDS
            if not self._failing:
                self._log.warning("traces.not_sent", code=code, error=str(error))
            self._failing = True
        else:
            self._failing = False
