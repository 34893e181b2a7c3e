"""Which dispatcher launches a job: the decision, and the conditional write that settles it."""

from dataclasses import dataclass
from enum import Enum

from runtime.core.clock import WallClock
from runtime.core.errors import Retryable
from runtime.core.jobs import (
    Failure,
    Job,
    Source,
    State,
    claim_new,
    fail,
    launched,
    refused,
    take_over,
)
from runtime.core.log import Log
from runtime.core.options import JobOptions, OptionsRefusedError
from runtime.core.ports import JobStore, StaleWriteError
from runtime.dispatcher.routing import Routes


class ClaimDecision(Enum):
    """What a dispatcher does with a message, given the job it is about."""

    CREATE = "create"
    TAKE_OVER = "take_over"
    BUSY = "busy"
    ACKNOWLEDGE = "acknowledge"


def decide_claim(job: Job | None, *, now: float) -> ClaimDecision:
    """Return what a message means for its job; None is a job without a record.

    A claim whose lease runs is BUSY: its holder may still die, so the message must survive. A
    failed job that never ran is claimed again, because only a redrive brings such a message.
    """
    if job is None:
        return ClaimDecision.CREATE
    if job.state is State.PENDING:
        return ClaimDecision.TAKE_OVER
    if job.state is State.CLAIMED:
        expired = job.lease_until is None or job.lease_until <= now
        return ClaimDecision.TAKE_OVER if expired else ClaimDecision.BUSY
    if job.state is State.FAILED and not job.ever_ran:
        return ClaimDecision.TAKE_OVER
    return ClaimDecision.ACKNOWLEDGE


class ClaimHeldError(Retryable):
    """Another dispatcher holds the job; the message must come back in case that one dies."""

    def __init__(self, job: Job) -> None:
        super().__init__(
            "claim.held",
            f"Attempt {job.attempt} of job {job.job_id} is being launched elsewhere.",
            "The message comes back after the visibility timeout.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Claims jobs for `lease_seconds`, which must exceed a dispatcher's longest run."""

    jobs: JobStore
    launcher: Routes
    clock: WallClock
    lease_seconds: float

    def claim(self, source: Source, options: JobOptions, log: Log) -> Job | None:
        """Return the job to launch, or None when the message needs nothing more.

        Raise `ClaimHeldError` when another dispatcher may be launching it.
        """
        fresh = claim_new(
            source, now=self.clock.now(), lease_seconds=self.lease_seconds, options=options
        )
        existing = self.jobs.create(fresh)
        return fresh if existing is None else self.claim_existing(existing, options, log)

    def claim_existing(self, job: Job, options: JobOptions, log: Log) -> Job | None:
        """Claim a job that has a record; returns and raises as `claim` does."""
        if self._is_claimable(job, log):
            return self._take_over(job, options, log)
        return None

    def refuse(self, source: Source, error: OptionsRefusedError, log: Log) -> bool:
        """Record that an upload's options cannot be met; return whether that was recorded now.

        Raise `ClaimHeldError` when another dispatcher may be launching it.
        """
        existing = self.jobs.create(refused(source, now=self.clock.now(), failure=_failure(error)))
        return True if existing is None else self.refuse_existing(existing, error, log)

    def refuse_existing(self, job: Job, error: OptionsRefusedError, log: Log) -> bool:
        """Fail a job that has a record and was to be claimed, as `refuse` does."""
        if not self._is_claimable(job, log):
            return False
        if job.state is State.FAILED:
            log.info("dispatch.duplicate", state=job.state, attempt=job.attempt)
            return False
        self._save(job, fail(job, now=self.clock.now(), failure=_failure(error)))
        return True

    def _is_claimable(self, job: Job, log: Log) -> bool:
        match decide_claim(job, now=self.clock.now()):
            case ClaimDecision.ACKNOWLEDGE:
                log.info("dispatch.duplicate", state=job.state, attempt=job.attempt)
                return False
            case ClaimDecision.BUSY:
                raise ClaimHeldError(job)
            case ClaimDecision.TAKE_OVER | ClaimDecision.CREATE:
                return True

    def _take_over(self, job: Job, options: JobOptions, log: Log) -> Job | None:
        """Claim the next attempt, unless the task of an expired claim is found running."""
        if job.state is State.CLAIMED and (task := self.launcher.find(job)) is not None:
            self._save(job, launched(job, now=self.clock.now(), task_arn=task.task_arn))
            log.info("dispatch.found_launched", attempt=job.attempt, task_arn=task.task_arn)
            return None
        claimed = take_over(
            job, now=self.clock.now(), lease_seconds=self.lease_seconds, options=options
        )
        self._save(job, claimed)
        log.info("dispatch.taken_over", state=job.state, attempt=claimed.attempt)
        return claimed

    def _save(self, before: Job, after: Job) -> None:
        try:
            self.jobs.save(before, after)
        except StaleWriteError as error:
            raise ClaimHeldError(before) from error


def _failure(error: OptionsRefusedError) -> Failure:
    return Failure(code=error.code, summary=error.summary, resolution=error.resolution)
