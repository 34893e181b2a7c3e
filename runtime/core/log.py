"""Structured logs: one JSON object a line, each with a stable `action` key.

Never pass a secret, a presigned URL or transcript text as a field.
"""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from runtime.core.clock import WallClock
from runtime.core.safe_text import one_line

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class Log(Protocol):
    """A sink of structured lines."""

    def debug(self, action: str, **fields: Any) -> None:
        """Record a detail."""

    def info(self, action: str, **fields: Any) -> None:
        """Record a step."""

    def warning(self, action: str, **fields: Any) -> None:
        """Record something a person may want to look at."""

    def error(self, action: str, **fields: Any) -> None:
        """Record a failure."""

    def bind(self, **fields: Any) -> "Log":
        """Return a log that adds these fields to every line."""


class JsonLog:
    """Writes JSON lines of at least `level`; `fields` are bound to every line."""

    def __init__(
        self,
        *,
        clock: WallClock,
        level: str = "INFO",
        write: Callable[[str], object] = sys.stdout.write,
        **fields: Any,
    ) -> None:
        if level not in LEVELS:
            raise ValueError(f"log level {level!r} is not one of {', '.join(LEVELS)}")
        self._clock = clock
        self._level = level
        self._write = write
        self._fields = fields

    def bind(self, **fields: Any) -> "JsonLog":
        """Return a log that adds these fields to every line."""
        return JsonLog(
            clock=self._clock, level=self._level, write=self._write, **{**self._fields, **fields}
        )

    def debug(self, action: str, **fields: Any) -> None:
        """Record a detail."""
        self._emit("DEBUG", action, fields)

    def info(self, action: str, **fields: Any) -> None:
        """Record a step."""
        self._emit("INFO", action, fields)

    def warning(self, action: str, **fields: Any) -> None:
        """Record something a person may want to look at."""
        self._emit("WARNING", action, fields)

    def error(self, action: str, **fields: Any) -> None:
        """Record a failure."""
        self._emit("ERROR", action, fields)

    def _emit(self, level: str, action: str, fields: dict[str, Any]) -> None:
        if LEVELS.index(level) < LEVELS.index(self._level):
            return
        at = datetime.fromtimestamp(self._clock.now(), UTC).isoformat(timespec="milliseconds")
        line = {"time": at, "level": level, "action": action, **self._fields, **fields}
        self._write(one_line(json.dumps(line, ensure_ascii=False, default=str)) + "\n")
