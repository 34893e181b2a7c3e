"""What the domain needs from the outside, as protocols; adapters are in `runtime.aws`.

Every fake in `tests/fakes` passes the same contract suite as the adapter it stands for.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from runtime.core.jobs import Job, Source, State

ByteCount = Callable[[int], None]
"""Called with the number of bytes moved since the last call."""

Progress = Callable[[float], None]
"""Called with the fraction of a stage that is done, from 0 to 1, never going back."""


class ObjectNotFoundError(Exception):
    """There is no such object (any more)."""


class StaleWriteError(Exception):
    """The record is not in the state and attempt the writer believed: somebody else moved it."""


class LaunchFailedError(Exception):
    """No task was started, for certain; the message says why."""


class LaunchUncertainError(Exception):
    """A task may or may not have been started: the answer was lost."""


class ObjectStore(Protocol):
    """Objects by bucket and key."""

    def head(self, bucket: str, key: str) -> Source:
        """Return the current version's identity; raise `ObjectNotFoundError`."""
        ...

    def download(self, source: Source, path: Path, on_bytes: ByteCount) -> None:
        """Write exactly that version to `path`; raise `ObjectNotFoundError` if it changed."""
        ...

    def upload(self, path: Path, bucket: str, key: str, content_type: str) -> None:
        """Store a file."""
        ...

    def read_bytes(self, bucket: str, key: str) -> bytes:
        """Return a small object's content; raise `ObjectNotFoundError`."""
        ...

    def write_bytes(self, data: bytes, bucket: str, key: str, content_type: str) -> None:
        """Store a small object."""
        ...


class JobStore(Protocol):
    """Job and idempotency records. Reads are strongly consistent."""

    def get(self, job_id: str) -> Job | None:
        """Return the job, or None."""
        ...

    def create(self, job: Job) -> Job | None:
        """Write a first claim and its idempotency record in one transaction.

        Return None when written, or the job that was already there (nothing written).
        """
        ...

    def save(self, before: Job, after: Job) -> None:
        """Replace `before` by `after`; raise `StaleWriteError` unless state and attempt match.

        With `after` SUCCEEDED, the idempotency record becomes "processed" with its
        `result_s3_key` in the same transaction.
        """
        ...

    def in_state(self, state: State, *, newest_first: bool = False) -> Iterable[Job]:
        """Yield the jobs in a state, by default oldest update first (eventually consistent)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningTask:
    """A task that was started for a job."""

    task_arn: str


class TaskLauncher(Protocol):
    """Starts one processor for one claimed job."""

    def launch(self, job: Job) -> RunningTask:
        """Start a task for this job and attempt; the same job and attempt give the same task.

        Raise `LaunchFailedError` or `LaunchUncertainError`.
        """
        ...

    def find(self, job: Job) -> RunningTask | None:
        """Return the task started for this job and attempt, if there is one."""
        ...
