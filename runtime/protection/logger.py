"""Reports of protection as records of the standard library's `logging`."""

import json
import logging
from typing import Any

_LOGGER = logging.getLogger(__package__)


class LoggerLog:
    """`ActionLog` by a logger: the message is the action and its fields as JSON.

    The fields are also attributes of the record's `fields`, for structured formatters.
    """

    def __init__(self, logger: logging.Logger = _LOGGER) -> None:
        self._logger = logger

    def info(self, action: str, **fields: Any) -> None:
        """Record a step."""
        self._write(logging.INFO, action, fields)

    def warning(self, action: str, **fields: Any) -> None:
        """Record something a person may want to look at."""
        self._write(logging.WARNING, action, fields)

    def error(self, action: str, **fields: Any) -> None:
        """Record a failure."""
        self._write(logging.ERROR, action, fields)

    def _write(self, level: int, action: str, fields: dict[str, Any]) -> None:
        if self._logger.isEnabledFor(level):
            shown = json.dumps(fields, default=str, ensure_ascii=True)
            self._logger.log(level, "%s %s", action, shown, extra={"fields": fields})
