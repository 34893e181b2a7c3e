"""Reads in the workers' own logs what a stop met: an idle worker, or one at work."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

STARTED = "job.started"
ENDED = frozenset(
    {
        "job.succeeded",
        "job.failed",
        "job.interrupted",
        "job.retry_later",
        "job.waiting",
        "job.crashed",
        "job.lease_lost",
    }
)
BY_ITSELF = frozenset({"job.succeeded", "job.failed"})
STOPPED = "shutdown.requested"
PROTECTED = frozenset({"protection.enabled", "protection.renewed"})
UNPROTECTED = frozenset({"protection.disabled", "protection.lost", "protection.force_disabled"})

Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WorkerStops:
    """What the stops of a run met.

    all: SIGTERMs. at_work: those at a worker with a claimed job. protected: those of them at a
    worker that ECS had confirmed to be protected. cut_short: those after which the job did not
    end by itself.
    """

    all: int = 0
    at_work: int = 0
    protected: int = 0
    cut_short: int = 0

    def __add__(self, other: "WorkerStops") -> "WorkerStops":
        """Return both together."""
        return WorkerStops(
            self.all + other.all,
            self.at_work + other.at_work,
            self.protected + other.protected,
            self.cut_short + other.cut_short,
        )


def audit(logs: Iterable[Sequence[str]]) -> WorkerStops:
    """Return what all stops met, from the lines of each worker in their order."""
    return sum((audit_worker(lines) for lines in logs), WorkerStops())


def audit_worker(lines: Sequence[str]) -> WorkerStops:
    """Return what the stops of one worker met; lines that are no log entries say nothing."""
    at_work = protected = False
    found = WorkerStops()
    pending = False
    for line in (read(text) for text in lines):
        action = line.get("action")
        if action == STARTED:
            at_work = True
        elif action in ENDED:
            if pending and action not in BY_ITSELF:
                found += WorkerStops(cut_short=1)
            at_work = pending = False
        elif action in PROTECTED:
            protected = True
        elif action in UNPROTECTED:
            protected = False
        elif action == STOPPED:
            found += WorkerStops(all=1, at_work=at_work, protected=at_work and protected)
            pending = at_work
    # A worker whose log ends here was killed at work.
    return found + WorkerStops(cut_short=int(pending))


def job_met_by_stop(lines: Sequence[str]) -> Sequence[str]:
    """Return the lines of a worker from the job that a stop met first, none if none was met."""
    began = 0
    for number, text in enumerate(lines):
        action = read(text).get("action")
        if action == STARTED:
            began = number
        elif action == STOPPED and audit_worker(lines[: number + 1]).at_work:
            return lines[began:]
    return ()


def read(text: str) -> Line:
    """Return a log entry, empty if it is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
