"""Errors whose type decides what happens next: retry, fail, or stop without writing."""

from collections.abc import Mapping


class LifestreamError(Exception):
    """A failure with a stable code, what happened, and what a person can do about it.

    `code` is dotted and stable (`media.no_streams`); `summary` and `resolution` are full sentences.
    """

    def __init__(self, code: str, summary: str, resolution: str) -> None:
        super().__init__(f"[{code}] {summary} {resolution}")
        self.code = code
        self.summary = summary
        self.resolution = resolution
        self.about: Mapping[str, str] = {}
        """Log fields of the job it is about, added where the job is known."""


class Retryable(LifestreamError):
    """May succeed if tried again unchanged: throttling, capacity, a network fault."""


class Permanent(LifestreamError):
    """Will fail the same way every time: the input or the configuration must change."""


class LeaseLost(LifestreamError):
    """Another attempt or worker owns the job now: stop without writing to it."""
