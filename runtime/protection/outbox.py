"""Log lines made under a lock and written after it: a blocked log must not stall the lease."""

from collections import deque
from typing import Any

from runtime.core.log import Log


class Outbox:
    """Collects lines; `flush` writes them in order."""

    def __init__(self, log: Log) -> None:
        """Write to `log`, later."""
        self._log = log
        self._lines: deque[tuple[str, str, dict[str, Any]]] = deque()

    def info(self, action: str, **fields: Any) -> None:
        """Keep a step."""
        self._lines.append(("info", action, fields))

    def warning(self, action: str, **fields: Any) -> None:
        """Keep something a person may want to look at."""
        self._lines.append(("warning", action, fields))

    def error(self, action: str, **fields: Any) -> None:
        """Keep a failure."""
        self._lines.append(("error", action, fields))

    def flush(self) -> None:
        """Write what was kept; call it without the lock."""
        while self._lines:
            try:
                level, action, fields = self._lines.popleft()
            except IndexError:  # another thread took the last one
                return
            getattr(self._log, level)(action, **fields)
