"""Watches every write that took effect, and remembers each that must never have happened."""

import hashlib
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from runtime.core.jobs import State

NO_JOB = -1
"""The number of a violation that is about no job of the run."""

TaskLives = Callable[[str, int], bool]
"""Whether a task of this job and attempt, older than a moment, has not stopped."""


class Breach(StrEnum):
    """Which promise was broken."""

    LOST = "lost"
    TWICE = "published twice"
    STUCK = "stuck"
    RULE = "rule broken"


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise about one job, in words."""

    breach: Breach
    number: int
    what: str

    def __str__(self) -> str:
        """Say it in a line."""
        who = "" if self.number == NO_JOB else f"job {self.number:04d} "
        return f"{self.breach}: {who}{self.what}"


def broken_by_kind(violations: Iterable[Violation]) -> Counter[Breach]:
    """Count broken promises; each job counts once in each kind."""
    return Counter(breach for breach, _ in {(each.breach, each.number) for each in violations})


@dataclass(slots=True)
class JobHistory:
    """A job's record as the last write left it, and how its results were written."""

    state: State | None = None
    attempt: int = 0
    manifests: int = 0
    requests: int = 0


class Ledger:
    """History of each job. The caller writes for one job at a time, under `writing`.

    `task_lives` is asked when a claim is given up.
    """

    def __init__(self, task_lives: TaskLives) -> None:
        self._task_lives = task_lives
        self._histories: defaultdict[int, JobHistory] = defaultdict(JobHistory)
        self._contents: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
        self._locks: defaultdict[int, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()
        self._violations: list[Violation] = []
        self._written: dict[str, float] = {}

    def writing(self, number: int) -> threading.Lock:
        """Return the lock under which a job's record is written and noted, in the same order."""
        with self._lock:
            return self._locks[number]

    @property
    def violations(self) -> tuple[Violation, ...]:
        """What was noted so far."""
        with self._lock:
            return tuple(self._violations)

    @property
    def written(self) -> Mapping[str, float]:
        """When each write took effect by the harness's clock, by `write_id`."""
        with self._lock:
            return dict(self._written)

    @property
    def manifests(self) -> int:
        """How often a manifest was written; more than once a job is well, if it is the same."""
        with self._lock:
            return sum(history.manifests for history in self._histories.values())

    def note_record(self, number: int, item: Mapping[str, Any]) -> None:
        """Note a write of a job's record that DynamoDB answered with success.

        It answers so to the repetition of a transaction as well, which writes nothing. One that did
        would show in the table's stream, which the oracle reads.
        """
        state, attempt = State(item["state"]["S"]), int(item["attempt"]["N"])
        write_id = item["write_id"]["S"]
        with self._lock:
            if write_id in self._written:
                return
            history = self._histories[number]
            before, held = history.state, history.attempt
            requested = int(item.get("reruns", {}).get("N", 0)) > history.requests
            history.state, history.attempt = state, attempt
            history.requests = int(item.get("reruns", {}).get("N", 0))
            self._written[write_id] = time.time()
        if attempt < held:
            self._add(
                Breach.RULE,
                number,
                f"was written by attempt {attempt} ({state}) while attempt {held} owned it",
            )
        if state is State.SUCCEEDED and before is State.SUCCEEDED:
            self._add(Breach.TWICE, number, f"succeeded again by attempt {attempt}")
        # A person's request ended the claim in between; its writes do not pass the proxy.
        gave_up = not requested and (
            state is State.PENDING or (state is State.CLAIMED and attempt > held)
        )
        if before is State.CLAIMED and gave_up and self._task_lives(item["job_id"]["S"], held):
            self._add(
                Breach.RULE, number, f"went to {state} while the task of attempt {held} was alive"
            )

    def note_result(self, number: int, key: str, content: bytes, *, manifest: bool) -> None:
        """Note that a published file was written."""
        digest = hashlib.sha256(content).hexdigest()
        with self._lock:
            # A request to process it again may publish something else at the same public path.
            known = self._contents[key, self._histories[number].requests]
            fresh = digest not in known
            known.add(digest)
            self._histories[number].manifests += manifest
            other = fresh and len(known) > 1
        if other:
            self._add(Breach.TWICE, number, f"published {key} with another content than before")

    def _add(self, breach: Breach, number: int, what: str) -> None:
        with self._lock:
            self._violations.append(Violation(breach, number, what))
