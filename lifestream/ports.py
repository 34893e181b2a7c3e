"""Ports of the operators' commands beyond the domain's own, and `Operations` with all of them."""

from dataclasses import dataclass
from typing import Protocol

from lifestream.follow import FollowClock
from runtime.core.clock import WallClock
from runtime.core.dead_letters import DeadLetters
from runtime.core.erasure import ErasureRecords
from runtime.core.jobs import Job
from runtime.core.ports import JobStore, MessageSender, ObjectStore, Traces


class Tasks(Protocol):
    """The tasks of an environment's cluster."""

    def find(self, job: Job) -> str | None:
        """Return the ARN of the task of this job and attempt, if one has not stopped."""

    def stop(self, task_arn: str, reason: str) -> bool:
        """Have a task stopped; False when there is no such task."""


class Reaper(Protocol):
    """The reaper's function."""

    def invoke(self, detail_type: str) -> None:
        """Have it handle an event of this type soon, without waiting for it."""


class OperatorClock(WallClock, FollowClock, Protocol):
    """Wall clock, monotonic clock and sleeper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """One environment as the commands work on it. `bucket` is its media bucket.

    `object_days` is when S3 expires uploads or results there; 0 for never.
    """

    environment: str
    bucket: str
    log_group: str
    jobs: JobStore
    objects: ObjectStore
    queue: MessageSender
    dead_letters: DeadLetters
    tasks: Tasks
    traces: Traces
    erasures: ErasureRecords
    reaper: Reaper
    clock: OperatorClock
    object_days: int = 0

    @property
    def command(self) -> str:
        """The command line for this environment, without the command."""
        return f"python -m lifestream --environment {self.environment}"
