"""What the domain needs from the outside, as protocols; adapters are in `runtime.aws`.

Every fake in `tests/fakes` passes the same contract suite as the adapter it stands for.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from runtime.core.jobs import Job, Source, State
from runtime.core.spans import Document

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectFacts:
    """What is known of an object without its content; `metadata` is what its uploader gave."""

    source: Source
    metadata: Mapping[str, str]


class ObjectStore(Protocol):
    """Objects by bucket and key."""

    def look(self, bucket: str, key: str) -> ObjectFacts:
        """Return identity and metadata of the current version; raise `ObjectNotFoundError`."""
        ...

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


@dataclass(frozen=True, slots=True)
class Queued:
    """A job waits in a work queue; which task will run it is not known yet."""


class TaskLauncher(Protocol):
    """Has one claimed job run by one processor."""

    def launch(self, job: Job) -> RunningTask | Queued:
        """Start a task for this job and attempt, or put it where a worker finds it.

        The same job and attempt are run once, however often they are launched. Raise
        `LaunchFailedError` or `LaunchUncertainError`.
        """
        ...

    def find(self, job: Job) -> RunningTask | None:
        """Return the task started for this job and attempt, if there is one that can be found."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkMessage:
    """A message of a work queue as one receive gave it out; `receives` counts them, this one too.

    `receipt` is good for this receive alone.
    """

    message_id: str
    receipt: str
    body: str
    receives: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Messages that wait in a work queue, and those that workers keep hidden; both may lag."""

    waiting: int
    in_work: int


class MessageSender(Protocol):
    """A queue as its senders use it."""

    def send(self, body: str) -> None:
        """Send a message; raise `Retryable` or `Permanent`."""
        ...


class CountedQueue(Protocol):
    """A queue that knows its length. Raises `Retryable` and `Permanent`."""

    def backlog(self) -> Backlog:
        """Return about how many messages there are."""
        ...


class WorkQueue(Protocol):
    """A queue of attempts that wait for a worker. Raises `Retryable` and `Permanent`."""

    def receive(self, wait_seconds: int) -> WorkMessage | None:
        """Return the next message, None if there was none for so long; it is hidden then."""
        ...

    def hide(self, message: WorkMessage, seconds: int) -> None:
        """Keep a message from others for so long from now; 0 gives it back."""
        ...

    def delete(self, message: WorkMessage) -> None:
        """Remove a message; harmless when repeated."""
        ...


class Traces(Protocol):
    """Where traces are kept, each by its id. Raises `Retryable` and `Permanent`."""

    def put(self, documents: Sequence[Document]) -> None:
        """Keep segments and subsegments; one that is known is replaced."""
        ...

    def read(self, trace_id: str) -> list[Document]:
        """Return the segments of a trace, subsegments inside; none of what nobody knows."""
        ...
