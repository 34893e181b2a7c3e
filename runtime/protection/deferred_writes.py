"""Log lines and metrics made under a lock and written after it: no log may stall the lease."""

from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from runtime.core.contract import Metric
from runtime.core.log import Log
from runtime.core.metrics import Metrics


class DeferredWrites:
    """Collects what is to be written; `flush` writes it in order."""

    def __init__(self, log: Log, metrics: Metrics) -> None:
        """Write to these, later."""
        self._log = log
        self._metrics = metrics
        self._writes: deque[Callable[[], None]] = deque()

    def info(self, action: str, **fields: Any) -> None:
        """Keep a step."""
        self._writes.append(partial(self._log.info, action, **fields))

    def warning(self, action: str, **fields: Any) -> None:
        """Keep something a person may want to look at."""
        self._writes.append(partial(self._log.warning, action, **fields))

    def error(self, action: str, **fields: Any) -> None:
        """Keep a failure."""
        self._writes.append(partial(self._log.error, action, **fields))

    def count(self, values: Mapping[Metric, float]) -> None:
        """Keep values of metrics."""
        self._writes.append(partial(self._metrics.put, values))

    def flush(self) -> None:
        """Write what was kept; call it without the lock."""
        while self._writes:
            try:
                write = self._writes.popleft()
            except IndexError:  # another thread took the last one
                return
            write()
