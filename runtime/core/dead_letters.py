"""Dead letters: messages that were received too often, and the jobs that each concerns."""

from dataclasses import dataclass
from typing import Protocol

from runtime.core.jobs import Job, State
from runtime.core.messages import (
    MalformedMessageError,
    MessageKind,
    ParsedMessage,
    Request,
    Requeued,
    Upload,
    parse,
)
from runtime.core.ports import JobStore, ObjectNotFoundError, ObjectStore

MAX_SAMPLES = 20
"""Receives of one listing. SQS answers each from a part of the queue, with repetitions."""

MAX_REPEATED_SAMPLES = 3
"""Receives in a row that add no letter before a listing ends."""

_SETTLED = frozenset({State.SUCCEEDED, State.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message as received from the dead-letter queue; `sent_at` in seconds since the epoch.

    `receipt` identifies this receive; delete and release need it. `receives` counts the receives
    from the jobs queue and those by which letters were listed.
    """

    message_id: str
    receipt: str
    body: str
    sent_at: float
    receives: int


class VisibleLetters(Protocol):
    """The dead-letter queue for those who only look."""

    def sample(self) -> list[DeadLetter]:
        """Return up to ten messages and leave all visible; calls may repeat and miss some.

        None when no message is visible.
        """

    def count(self) -> int:
        """Return about how many messages there are, hidden ones included."""


class DeadLetters(VisibleLetters, Protocol):
    """The dead-letter queue."""

    def receive(self) -> list[DeadLetter]:
        """Return up to ten messages and hide them for two minutes; none when it is empty."""

    def delete(self, letter: DeadLetter) -> None:
        """Remove a received message for good."""

    def release(self, letter: DeadLetter) -> None:
        """Make a received message visible again."""

    def purge(self) -> None:
        """Remove all messages for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterListing:
    """Distinct letters, the oldest first; `total` is about how many there are.

    `complete` is False where fewer were seen: others are hidden, or were in no sample.
    """

    letters: tuple[DeadLetter, ...]
    total: int
    complete: bool


@dataclass(frozen=True, slots=True)
class LetterSubject:
    """One request of a message: its name for a person, and its job, if there is one.

    `job_id` is also known for a requeued job that is gone. `possible` is False when the message
    names an upload or a job that is gone.
    """

    about: str
    job: Job | None
    job_id: str | None = None
    possible: bool = True

    @property
    def is_settled(self) -> bool:
        """Whether the dispatcher would find nothing to do."""
        return not self.possible or (self.job is not None and self.job.state in _SETTLED)

    @property
    def state(self) -> str:
        """The job's state in words."""
        if self.job is not None:
            return str(self.job.state)
        return "no job yet" if self.possible else "gone"


@dataclass(frozen=True, slots=True)
class LetterContent:
    """The requests of a dead letter, or the `problem` why it cannot be read."""

    letter: DeadLetter
    subjects: tuple[LetterSubject, ...] = ()
    problem: str = ""
    kind: MessageKind | None = None


def list_letters(queue: VisibleLetters, *, limit: int) -> LetterListing:
    """Sample the queue until all letters or `limit` of them are seen, by at most 20 receives."""
    total = queue.count()
    seen: dict[str, DeadLetter] = {}
    repeated = 0
    for _ in range(MAX_SAMPLES):
        if len(seen) >= min(total, limit) or repeated == MAX_REPEATED_SAMPLES:
            break
        known = len(seen)
        letters = queue.sample()
        if not letters:
            break
        seen.update((letter.message_id, letter) for letter in letters)
        repeated = repeated + 1 if len(seen) == known else 0
    oldest_first = sorted(seen.values(), key=lambda letter: (letter.sent_at, letter.message_id))
    return LetterListing(
        letters=tuple(oldest_first[:limit]),
        total=max(total, len(seen)),
        complete=total <= len(seen) <= limit,
    )


def read_letter(
    letter: DeadLetter, *, bucket: str, jobs: JobStore, objects: ObjectStore
) -> LetterContent:
    """Parse a message and look its jobs up; `bucket` is the media bucket."""
    try:
        message: ParsedMessage = parse(letter.body, bucket=bucket)
    except MalformedMessageError as error:
        return LetterContent(letter, problem=error.summary)
    subjects = tuple(_subject(request, jobs, objects) for request in message.requests)
    return LetterContent(letter, subjects, kind=message.kind)


def list_command(environment: str) -> str:
    """Return the operators' command that lists all letters of an environment."""
    return f"python -m lifestream --environment {environment} dlq list"


def redrive_command(environment: str) -> str:
    """Return the operators' command that sends all letters of an environment again."""
    return f"python -m lifestream --environment {environment} dlq redrive --all"


def _subject(request: Request, jobs: JobStore, objects: ObjectStore) -> LetterSubject:
    match request:
        case Requeued(job_id):
            job = jobs.get(job_id)
            return LetterSubject(f"job {job_id}", job, job_id, possible=job is not None)
        case Upload(bucket, key):
            try:
                source = objects.head(bucket, key)
            except ObjectNotFoundError:
                return LetterSubject(key, None, possible=False)
            job = jobs.get(source.job_id)
            return LetterSubject(key, job, job.job_id if job else None)
