"""Whose fault an error is: the machine's, a service's, or unknown; decides how a job is retried."""

import errno
from collections.abc import Iterator

from runtime.core.errors import Retryable

_MACHINE_ERRNOS = frozenset(
    {
        errno.EDQUOT,
        errno.EIO,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.ENOSPC,
        errno.EROFS,
    }
)
_NO_THREAD = "can't start new thread"
_XML_NO_MEMORY = 2
"""libxml2's code, which lxml raises as a syntax error without a message."""

MACHINE_CODES = frozenset(
    {"worker.machine_fault", "worker.disk_too_small", "worker.decoder_not_started"}
)
"""Codes of jobs that this machine failed, and of which it would fail the next one too."""

_OUTAGE = ("aws.", "jobs.contended")
"""Codes of errors that end when the service recovers: the job waits, and no run counts."""


def machine_fault(error: BaseException) -> Retryable | None:
    """Return the fault of this machine that an error, or one that caused it, comes from."""
    for cause in _causes(error):
        if isinstance(cause, Retryable):
            return None
        if (
            isinstance(cause, MemoryError)
            or (isinstance(cause, OSError) and cause.errno in _MACHINE_ERRNOS)
            or (isinstance(cause, RuntimeError) and _NO_THREAD in str(cause))
            or (isinstance(cause, SyntaxError) and _is_xml_without_memory(cause))
        ):
            return Retryable(
                "worker.machine_fault",
                f"The machine failed the job: {type(cause).__name__}: {cause}.",
                "The job is tried on another machine. If it persists, give the task more disk, "
                "memory or open files.",
            )
    return None


def is_outage(error: Retryable) -> bool:
    """Return whether a service was unavailable, throttled or contended."""
    return error.code.startswith(_OUTAGE)


def _is_xml_without_memory(error: SyntaxError) -> bool:
    return type(error).__module__ == "lxml.etree" and getattr(error, "code", 0) == _XML_NO_MEMORY


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__
