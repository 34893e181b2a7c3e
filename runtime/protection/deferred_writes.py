"""Log lines and metrics collected under a lock and written after it is released."""

from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .ports import Reports


class DeferredWrites:
    """Collects writes, so that no I/O happens under the lease's lock; `flush` writes in order."""

    def __init__(self, reports: Reports) -> None:
        self._log = reports.log
        self._count = reports.count
        self._writes: deque[Callable[[], None]] = deque()

    def info(self, action: str, **fields: Any) -> None:
        """Defer a line of a step."""
        self._writes.append(partial(self._log.info, action, **fields))

    def warning(self, action: str, **fields: Any) -> None:
        """Defer a warning."""
        self._writes.append(partial(self._log.warning, action, **fields))

    def error(self, action: str, **fields: Any) -> None:
        """Defer a line of a failure."""
        self._writes.append(partial(self._log.error, action, **fields))

    def count(self, values: Mapping[str, float]) -> None:
        """Defer values of metrics."""
        self._writes.append(partial(self._count, values))

    def flush(self) -> None:
        """Write everything deferred; call it without the lock."""
        while self._writes:
            try:
                write = self._writes.popleft()
            except IndexError:  # another thread took the last one
                return
            write()
