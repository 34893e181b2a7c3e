"""The domain's ports as protocols; their adapters are in `runtime.aws`.

Every fake in `tests/fakes` passes the same contract suite as the adapter it replaces.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from runtime.core.errors import Permanent
from runtime.core.jobs import Job, Source, State
from runtime.core.spans import Document

ByteCount = Callable[[int], None]
"""Called with the number of bytes moved since the last call."""

Progress = Callable[[float], None]
"""Called with the fraction of a stage that is done, from 0 to 1, never going back."""


OnUnreadable = Callable[[Permanent], None]
"""Called with the error of a record that cannot be read."""


class ObjectNotFoundError(Exception):
    """The object does not exist, or not in the requested version."""


class ObjectChangedError(Exception):
    """The object is not as expected: another writer has replaced, created or removed it."""


class StaleWriteError(Exception):
    """Another writer has changed the record's state, attempt or current results."""


class LaunchFailedError(Exception):
    """No task was started; the message says why."""


class LaunchDelayedError(LaunchFailedError):
    """No task was started, for lack of capacity or by throttling; `code` says which."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class LaunchUncertainError(Exception):
    """The answer was lost: a task may have been started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectFacts:
    """An object's identity and its user metadata."""

    source: Source
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedObject:
    """An object of a listing; `modified_at` is in seconds since the epoch."""

    source: Source
    modified_at: float


class ObjectStore(Protocol):
    """Objects by bucket and key."""

    def look(self, bucket: str, key: str) -> ObjectFacts:
        """Return identity and metadata of the current version; raise `ObjectNotFoundError`."""

    def head(self, bucket: str, key: str) -> Source:
        """Return the current version's identity; raise `ObjectNotFoundError`."""

    def download(self, source: Source, path: Path, on_bytes: ByteCount) -> None:
        """Write that version to `path`; raise `ObjectNotFoundError` if it was replaced."""

    def upload(self, path: Path, bucket: str, key: str, content_type: str) -> None:
        """Store a file."""

    def read_bytes(self, bucket: str, key: str) -> bytes:
        """Return a small object's content; raise `ObjectNotFoundError`."""

    def write_bytes(self, data: bytes, bucket: str, key: str, content_type: str) -> None:
        """Store a small object."""

    def delete_below(self, bucket: str, prefix: str) -> int:
        """Delete every object whose key begins so; return how many there were."""

    def list_objects(self, bucket: str, prefix: str) -> Iterable[ListedObject]:
        """Yield the current versions below a prefix, in the order of their keys."""

    def replace(
        self, path: Path, bucket: str, key: str, content_type: str, *, expected: str | None
    ) -> None:
        """Store a file where the object has the ETag `expected`, or where None is if it is None.

        Raise `ObjectChangedError` otherwise.
        """

    def remove(self, bucket: str, expected: Mapping[str, str]) -> None:
        """Delete objects by key where they have the expected ETag; leave the others."""


class ObjectTags(Protocol):
    """Tags of objects."""

    def tag(self, source: Source, name: str) -> str | None:
        """Return a tag of that version, None without it; raise `ObjectNotFoundError`."""


class JobStore(Protocol):
    """Job and idempotency records. Reads are strongly consistent."""

    def get(self, job_id: str) -> Job | None:
        """Return the job, or None."""

    def create(self, job: Job) -> Job | None:
        """Write a first claim and its idempotency record in one transaction.

        Return None when written, else the existing job, with nothing written.
        """

    def save(self, before: Job, after: Job) -> None:
        """Replace `before` by `after`.

        Raise `StaleWriteError` unless state, attempt, `result_key` and hold are those of `before`.
        With `after` SUCCEEDED, the idempotency record becomes "processed" with its
        `result_s3_key` in the same transaction.
        """

    def delete(self, job: Job) -> None:
        """Delete the job and its idempotency record; raise `StaleWriteError` if it changed.

        Idempotent: a job without a record is deleted.
        """

    def in_state(
        self,
        state: State,
        *,
        newest_first: bool = False,
        on_unreadable: OnUnreadable | None = None,
    ) -> Iterable[Job]:
        """Yield the jobs in a state, by default oldest update first (eventually consistent).

        `on_unreadable` receives the error of each record that cannot be read, and the listing
        continues; without it the error is raised.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningTask:
    """A task that was started for a job."""

    task_arn: str


@dataclass(frozen=True, slots=True)
class Queued:
    """The job waits in a work queue for a worker."""


class TaskLauncher(Protocol):
    """Launches claimed jobs."""

    def launch(self, job: Job) -> RunningTask | Queued:
        """Start a task for this job and attempt, or send it to a work queue.

        Idempotent: the same job and attempt run once. Raise `LaunchFailedError` or
        `LaunchUncertainError`.
        """

    def find(self, job: Job) -> RunningTask | None:
        """Return the task started for this job and attempt, if one can be found."""


class Tasks(Protocol):
    """The tasks that were started for jobs."""

    def find(self, job: Job) -> str | None:
        """Return the ARN of the task of this job and attempt, if one has not stopped."""

    def stop(self, task_arn: str, reason: str) -> bool:
        """Stop a task; False when it no longer exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkMessage:
    """A received message of a work queue.

    `receives` counts its receives, including this one; `receipt` is valid for this one only.
    """

    message_id: str
    receipt: str
    body: str
    receives: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Approximate numbers of waiting messages, of those hidden by workers, and of delayed ones."""

    waiting: int
    in_work: int
    delayed: int = 0

    @property
    def empty(self) -> bool:
        """Whether the queue holds no message at all."""
        return not (self.waiting or self.in_work or self.delayed)


class MessageSender(Protocol):
    """A queue as its senders use it."""

    def send(self, body: str, *, delay_seconds: float = 0.0) -> None:
        """Send a message that is received after a delay; raise `Retryable` or `Permanent`."""


class CountedQueue(Protocol):
    """A queue whose length can be read. Raises `Retryable` and `Permanent`."""

    def backlog(self) -> Backlog:
        """Return the approximate numbers of messages."""


class FilledQueue(MessageSender, CountedQueue, Protocol):
    """A work queue as the reaper uses it."""


class WorkQueue(MessageSender, Protocol):
    """A queue of attempts for workers. Raises `Retryable` and `Permanent`."""

    def receive(self, wait_seconds: int) -> WorkMessage | None:
        """Receive and hide the next message; None if none came within `wait_seconds`."""

    def hide(self, message: WorkMessage, seconds: int) -> None:
        """Set a received message's visibility timeout, from now; 0 returns it to the queue."""

    def delete(self, message: WorkMessage) -> None:
        """Delete a message; idempotent."""


class Traces(Protocol):
    """A store of traces by id. Raises `Retryable` and `Permanent`."""

    def put(self, documents: Sequence[Document]) -> None:
        """Store segments and subsegments; one with a known id is replaced."""

    def read(self, trace_id: str) -> list[Document]:
        """Return the segments of a trace with their subsegments; none for an unknown trace."""
