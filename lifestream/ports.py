"""What the commands need beyond the domain's own ports, and all of it together."""

from dataclasses import dataclass
from typing import Protocol

from lifestream.follow import FollowClock
from runtime.core.clock import WallClock
from runtime.core.jobs import Job
from runtime.core.ports import JobStore, MessageSender, ObjectStore, Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message as received from the dead-letter queue; `sent_at` in seconds since the epoch.

    `receipt` stands for this reception: with it the message is deleted or given back.
    """

    message_id: str
    receipt: str
    body: str
    sent_at: float


class DeadLetters(Protocol):
    """The dead-letter queue."""

    def receive(self) -> list[DeadLetter]:
        """Return up to ten messages and hide them for two minutes; none when it is empty."""
        ...

    def delete(self, letter: DeadLetter) -> None:
        """Remove a received message for good."""
        ...

    def give_back(self, letter: DeadLetter) -> None:
        """Let others see a received message again."""
        ...

    def count(self) -> int:
        """Return about how many messages there are, hidden ones included."""
        ...

    def purge(self) -> None:
        """Remove all messages for good."""
        ...


class Tasks(Protocol):
    """The tasks of an environment's cluster."""

    def find(self, job: Job) -> str | None:
        """Return the ARN of the task of this job and attempt, if one has not stopped."""
        ...

    def stop(self, task_arn: str, reason: str) -> bool:
        """Have a task stopped; False when there is no such task any more."""
        ...


class Checkpoints(Protocol):
    """What interrupted runs left for later ones to go on from."""

    def forget(self, job_id: str) -> int:
        """Remove all of a job's and return how many objects that were."""
        ...


class OperatorClock(WallClock, FollowClock, Protocol):
    """Wall clock, monotonic clock and sleeper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """One environment as the commands work on it. `bucket` is its media bucket."""

    environment: str
    bucket: str
    log_group: str
    jobs: JobStore
    objects: ObjectStore
    queue: MessageSender
    dead_letters: DeadLetters
    tasks: Tasks
    checkpoints: Checkpoints
    traces: Traces
    clock: OperatorClock

    @property
    def command(self) -> str:
        """How a person calls a command on this environment."""
        return f"python -m lifestream --environment {self.environment}"
