"""Which dispatcher launches a job: the decision, and the conditional write that settles it."""

from dataclasses import dataclass
from enum import Enum

from runtime.core.clock import WallClock
from runtime.core.errors import Retryable
from runtime.core.jobs import (
    SCAN,
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
from runtime.core.submission import NO_SUBMISSION, Submission
from runtime.dispatcher.routing import Routes

CLOCK_SKEW_SECONDS = 2.0
"""A delayed message may be received this much before the time that was written."""


class ClaimDecision(Enum):
    """What a dispatcher does with a message, given the job it is about."""

    CREATE = "create"
    TAKE_OVER = "take_over"
    BUSY = "busy"
    TOO_EARLY = "too_early"
    ACKNOWLEDGE = "acknowledge"


def decide_claim(
    job: Job | None, *, now: float, uploaded_at: float | None = None, scanned: bool = False
) -> ClaimDecision:
    """Return what a message means for its job; None is a job without a record.

    A claim whose lease runs is BUSY: its holder may still die, so the message must survive. FAILED
    is final, except where no processor ever had the job and the same bytes were uploaded after it
    failed (`uploaded_at`, of the message): that is how a person corrects an upload's options. With
    `scanned`, the message announces what a job may have waited for.
    """
    if job is None:
        return ClaimDecision.CREATE
    if job.state is State.PENDING:
        awaited = scanned and job.waiting_for == SCAN
        paused = job.not_before is not None and now < job.not_before - CLOCK_SKEW_SECONDS
        early = paused and not awaited
        return ClaimDecision.TOO_EARLY if early else ClaimDecision.TAKE_OVER
    if job.state is State.CLAIMED:
        expired = job.lease_until is None or job.lease_until <= now
        return ClaimDecision.TAKE_OVER if expired else ClaimDecision.BUSY
    if job.state is State.FAILED and not job.ever_ran:
        again = uploaded_at is not None and uploaded_at > job.updated_at
        return ClaimDecision.TAKE_OVER if again else ClaimDecision.ACKNOWLEDGE
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

    def claim(
        self,
        source: Source,
        options: JobOptions,
        log: Log,
        *,
        uploaded_at: float | None = None,
        scanned: bool = False,
        submission: Submission = NO_SUBMISSION,
    ) -> Job | None:
        """Return the job to launch, or None when the message needs nothing more.

        Raise `ClaimHeldError` when another dispatcher may be launching it.
        """
        fresh = claim_new(
            source,
            now=self.clock.now(),
            lease_seconds=self.lease_seconds,
            options=options,
            submission=submission,
        )
        existing = self.jobs.create(fresh)
        if existing is None:
            return fresh
        return self.claim_existing(existing, options, log, uploaded_at=uploaded_at, scanned=scanned)

    def claim_existing(
        self,
        job: Job,
        options: JobOptions,
        log: Log,
        *,
        uploaded_at: float | None = None,
        scanned: bool = False,
    ) -> Job | None:
        """Claim a job that has a record; returns and raises as `claim` does."""
        if self._is_claimable(job, log, uploaded_at, scanned=scanned):
            return self._take_over(job, options, log)
        return None

    def refuse(
        self,
        source: Source,
        error: OptionsRefusedError,
        log: Log,
        submission: Submission = NO_SUBMISSION,
    ) -> bool:
        """Record that an upload's options cannot be met; return whether that was recorded now.

        Raise `ClaimHeldError` when another dispatcher may be launching it.
        """
        existing = self.jobs.create(
            refused(source, now=self.clock.now(), failure=Failure.of(error), submission=submission)
        )
        return True if existing is None else self.refuse_existing(existing, error, log)

    def refuse_existing(self, job: Job, error: OptionsRefusedError, log: Log) -> bool:
        """Fail a job that has a record and was to be claimed, as `refuse` does."""
        if not self._is_claimable(job, log, None):
            return False
        self._save(job, fail(job, now=self.clock.now(), failure=Failure.of(error)))
        return True

    def _is_claimable(
        self, job: Job, log: Log, uploaded_at: float | None, *, scanned: bool = False
    ) -> bool:
        now = self.clock.now()
        match decide_claim(job, now=now, uploaded_at=uploaded_at, scanned=scanned):
            case ClaimDecision.ACKNOWLEDGE:
                log.info("dispatch.duplicate", state=job.state, attempt=job.attempt)
                return False
            case ClaimDecision.TOO_EARLY:
                # Another message is on its way; if that one is lost, the reaper sends it again.
                log.info(
                    "dispatch.too_early", not_before=job.not_before, waiting_for=job.waiting_for
                )
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
