"""A log that keeps its lines for a test to look at."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    level: str
    action: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CapturedLog:
    """`lines` is shared with every log bound from this one."""

    lines: list[Line] = field(default_factory=list)
    bound: dict[str, Any] = field(default_factory=dict)

    def debug(self, action: str, **fields: Any) -> None:
        self._keep("DEBUG", action, fields)

    def info(self, action: str, **fields: Any) -> None:
        self._keep("INFO", action, fields)

    def warning(self, action: str, **fields: Any) -> None:
        self._keep("WARNING", action, fields)

    def error(self, action: str, **fields: Any) -> None:
        self._keep("ERROR", action, fields)

    def bind(self, **fields: Any) -> "CapturedLog":
        return CapturedLog(lines=self.lines, bound={**self.bound, **fields})

    def actions(self, level: str | None = None) -> list[str]:
        """The actions logged so far, of one level or of all."""
        return [line.action for line in self.lines if level in (None, line.level)]

    def _keep(self, level: str, action: str, fields: dict[str, Any]) -> None:
        self.lines.append(Line(level, action, {**self.bound, **fields}))
