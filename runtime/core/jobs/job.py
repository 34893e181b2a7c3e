"""The job as recorded, and the one function that changes its state."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from runtime.core.contract import object_id
from runtime.core.errors import LifestreamError
from runtime.core.jobs.states import (
    ENDED,
    ON_REQUEST,
    TRANSITIONS,
    IllegalTransitionError,
    State,
)
from runtime.core.options import DEFAULT_OPTIONS, JobOptions
from runtime.core.submission import NO_SUBMISSION, Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One version of one uploaded object; `etag` without quotes, `size_bytes` as S3 reports it."""

    bucket: str
    key: str
    etag: str
    size_bytes: int

    @property
    def object_id(self) -> str:
        """The key of the idempotency record."""
        return object_id(self.key, self.etag)

    @property
    def job_id(self) -> str:
        """The job's identity: 32 hex digits of SHA-256 over bucket, key and ETag.

        The S3 event, the API's confirmation and a redrive of one upload thus name the same job.
        """
        identity = f"{self.bucket}\0{self.key}\0{self.etag}"
        return hashlib.sha256(identity.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a job ended badly, for a person: stable code, what happened, what to do."""

    code: str
    summary: str
    resolution: str

    @classmethod
    def of(cls, error: LifestreamError) -> "Failure":
        """Return an error as the end of a job."""
        return cls(code=error.code, summary=error.summary, resolution=error.resolution)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A legal hold: nothing of the job is erased while it lasts. `at` in seconds, epoch."""

    reason: str
    by: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job as recorded. Times are seconds since the epoch; `progress` runs from 0 to 1.

    `attempt` is the fencing token: it counts claims and requests to run again. `runs` counts the
    attempts that reached a processor and is bounded by the environment. `reruns` counts requests to
    run an ended job again; each resets `runs` to 0. `misses` counts the consecutive attempts that
    ended before a processor reported: lost, refused, never started.

    Waiting is counted apart, because it is no failure. `not_before` is the earliest next claim,
    `waiting_for` the code of what the job waits for, `waits` the consecutive waits since
    `waiting_since`. `interruptions` counts the consecutive runs that were cut short from outside.
    `result_key` points at the current results: the key of their `summary.json`. Older results keep
    it until an attempt publishes; `published_by` is the attempt that has since the last request.
    `first_started_at` is when a processor first had the job since the last request, and
    `suspected_at` when the reaper found its heartbeat overdue. `options_requested`: a person chose
    the options after the upload, so its metadata no longer decides.
    """

    source: Source
    state: State
    attempt: int
    created_at: float
    updated_at: float
    lease_until: float | None = None
    runs: int = 0
    reruns: int = 0
    misses: int = 0
    task_arn: str | None = None
    started_at: float | None = None
    stage: str | None = None
    progress: float = 0.0
    result_key: str | None = None
    failure: Failure | None = None
    options: JobOptions = DEFAULT_OPTIONS
    submission: Submission = NO_SUBMISSION
    options_requested: bool = False
    not_before: float | None = None
    waiting_for: str | None = None
    waits: int = 0
    waiting_since: float | None = None
    interruptions: int = 0
    first_started_at: float | None = None
    suspected_at: float | None = None
    published_by: int | None = None
    hold: Hold | None = None

    @property
    def job_id(self) -> str:
        """The job's identity, derived from its source."""
        return self.source.job_id

    @property
    def ended(self) -> bool:
        """Whether only a person's request leaves the job's state."""
        return self.state in ENDED

    @property
    def erasing(self) -> bool:
        """Whether it is being erased: no reader sees it any more."""
        return self.state is State.ERASING

    @property
    def ever_ran(self) -> bool:
        """Whether a processor has reported in any attempt since the last request."""
        return self.runs > 0 or self.first_started_at is not None

    def out_of_runs(self, max_runs: int) -> bool:
        """Return whether no run is left; published results have as many again to be copied."""
        return self.runs >= max_runs * (1 if self.published_by is None else 2)

    @property
    def announce_after(self) -> float:
        """The earliest time at which a message for the pending job is of use."""
        return max(self.updated_at, self.not_before or 0.0)

    @property
    def queued(self) -> bool:
        """Whether it waits in a work queue for a worker."""
        return self.state is State.LAUNCHED and self.task_arn is None


AFRESH: Mapping[str, Any] = {
    "task_arn": None,
    "stage": None,
    "progress": 0.0,
    "failure": None,
    "not_before": None,
    "waiting_for": None,
}
"""What a new attempt does not take over from the one before."""


def move(job: Job, to: State, now: float, *, on_request: bool = False, **changes: Any) -> Job:
    """Return the job in state `to` with `changes`.

    Raises `IllegalTransitionError` where the table has no such transition.
    """
    reserved = (job.state, to) in ON_REQUEST and not on_request
    if to not in TRANSITIONS[job.state] or reserved:
        raise IllegalTransitionError(
            f"job {job.job_id} (attempt {job.attempt}) cannot go from {job.state} to {to}"
        )
    return replace(job, state=to, updated_at=now, **changes)
