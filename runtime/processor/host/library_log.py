"""Forwards the warnings of libraries to our log, so that every line of a task has one format."""

import logging

from runtime.core.log import Log


class LogHandler(logging.Handler):
    """Logs records as `library.message`, without traceback."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record by its level."""
        write = self._log.warning if record.levelno >= logging.WARNING else self._log.info
        write("library.message", logger=record.name, message=record.getMessage())


def forward_library_logs(log: Log) -> None:
    """Send Python warnings and the records of every logger, from WARNING on, to `log`.

    Below WARNING a library may log transcript text, as faster-whisper does.
    """
    root = logging.getLogger()
    root.handlers = [LogHandler(log)]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)
