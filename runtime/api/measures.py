"""What one API process measures of itself, reported as metrics once a minute."""

import json
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from runtime.core.clock import Clock
from runtime.core.contract import ServiceMetric
from runtime.core.metrics import ACTION, MOST_VALUES, embedded_service
from runtime.core.periodic_thread import PeriodicThread

REPORT_SECONDS = 60.0
SESSION_SECONDS = 300.0
_SERVER_ERROR = 500
_STARTED = "lifestream_started"


class Measures:
    """Counts since the last report; thread-safe. `write` receives whole lines."""

    def __init__(
        self,
        *,
        clock: Clock,
        environment: str,
        service: str,
        write: Callable[[str], object] = sys.stdout.write,
    ) -> None:
        self._clock = clock
        self._environment = environment
        self._service = service
        self._write = write
        self._lock = threading.Lock()
        self._sessions: dict[str, float] = {}
        self._sockets = 0
        self._answers = 0
        self._errors = 0
        self._upload_bytes = 0
        self._calls: deque[float] = deque(maxlen=MOST_VALUES)

    def seen(self, caller: str) -> None:
        """Count a caller as a session from now on."""
        with self._lock:
            self._sessions[caller] = self._clock.monotonic()

    def answered(self, status: int) -> None:
        """Count an answer; a status of 0 is a request that broke."""
        with self._lock:
            self._answers += 1
            self._errors += status >= _SERVER_ERROR or status == 0

    def uploaded(self, size_bytes: int) -> None:
        """Count a file that became a job."""
        with self._lock:
            self._upload_bytes += size_bytes

    def called(self, seconds: float) -> None:
        """Count a call to the database."""
        with self._lock:
            self._calls.append(round(1000 * seconds, 1))

    @contextmanager
    def socket(self) -> Iterator[None]:
        """Count an open socket while the context lasts."""
        with self._lock:
            self._sockets += 1
        try:
            yield
        finally:
            with self._lock:
                self._sockets -= 1

    def watch(self, client: Any) -> None:
        """Count the calls of an SDK client of DynamoDB, with their retries."""

        def begin(context: dict[str, Any], **_: Any) -> None:
            context[_STARTED] = self._clock.monotonic()

        def end(context: dict[str, Any], **_: Any) -> None:
            self.called(self._clock.monotonic() - context[_STARTED])

        client.meta.events.register("before-call.dynamodb", begin)
        for event in ("after-call.dynamodb", "after-call-error.dynamodb"):
            client.meta.events.register(event, end)

    def report(self) -> None:
        """Write the line from which CloudWatch extracts the values, and begin again."""
        values = self._take()
        document = embedded_service(values, now=self._clock.now(), environment=self._environment)
        self._write(json.dumps({"action": ACTION, "service": self._service, **document}) + "\n")

    def _take(self) -> dict[ServiceMetric, Any]:
        with self._lock:
            oldest = self._clock.monotonic() - SESSION_SECONDS
            self._sessions = {who: at for who, at in self._sessions.items() if at >= oldest}
            values: dict[ServiceMetric, Any] = {
                ServiceMetric.CONCURRENT_SESSIONS: len(self._sessions),
                ServiceMetric.WEBSOCKET_CONNECTIONS: self._sockets,
                ServiceMetric.UPLOAD_BYTES: self._upload_bytes,
            }
            if self._answers:
                values[ServiceMetric.ERROR_RATE] = round(100 * self._errors / self._answers, 2)
            if self._calls:
                values[ServiceMetric.DATABASE_LATENCY] = list(self._calls)
            self._answers = self._errors = self._upload_bytes = 0
            self._calls.clear()
            return values


class MeasureReports(PeriodicThread):
    """Reports every minute, and once more at the end."""

    def __init__(self, measures: Measures) -> None:
        super().__init__("measures", every_seconds=REPORT_SECONDS)
        self._measures = measures

    def once(self) -> bool:
        """Report."""
        self._measures.report()
        return True

    def start(self) -> None:
        """Start the thread."""
        self.__enter__()

    def stop(self) -> None:
        """End the thread and report what is left."""
        self.__exit__()
        self._measures.report()
