"""Who launches a job: the decision and the conditional write that makes it true."""

from dataclasses import dataclass

from runtime.core.claims import ClaimDecision, decide_claim
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


class ClaimHeldError(Retryable):
    """Another dispatcher holds the job: the message must come back, for its holder may die."""

    def __init__(self, job: Job) -> None:
        """Name the job and the attempt that holds it."""
        super().__init__(
            "claim.held",
            f"Attempt {job.attempt} of job {job.job_id} is being launched elsewhere.",
            "The message comes back after the visibility timeout.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Claims jobs for `lease_seconds`, which must outlast a dispatcher's longest run."""

    jobs: JobStore
    launcher: Routes
    clock: WallClock
    lease_seconds: float

    def claim(self, source: Source, options: JobOptions, log: Log) -> Job | None:
        """Return the job to launch, or None when there is nothing left to do.

        Raise `ClaimHeldError` when somebody else may be launching it.
        """
        fresh = claim_new(
            source, now=self.clock.now(), lease_seconds=self.lease_seconds, options=options
        )
        there = self.jobs.create(fresh)
        return fresh if there is None else self.claim_again(there, options, log)

    def claim_again(self, there: Job, options: JobOptions, log: Log) -> Job | None:
        """Claim a job that has a record, as `claim` does.

        Return the job to launch, or None when there is nothing left to do. Raise `ClaimHeldError`.
        """
        if self._is_to_be_claimed(there, log):
            return self._take_over(there, options, log)
        return None

    def refuse(self, source: Source, why: OptionsRefusedError, log: Log) -> bool:
        """Record that an upload cannot be run as it asks to; return whether that is news.

        Raise `ClaimHeldError` when somebody else may be launching it.
        """
        there = self.jobs.create(refused(source, now=self.clock.now(), failure=_failure(why)))
        return True if there is None else self.refuse_again(there, why, log)

    def refuse_again(self, there: Job, why: OptionsRefusedError, log: Log) -> bool:
        """Fail a job that has a record and was to be claimed, as `refuse` does."""
        if not self._is_to_be_claimed(there, log):
            return False
        if there.state is State.FAILED:
            log.info("dispatch.duplicate", state=there.state, attempt=there.attempt)
            return False
        self._save(there, fail(there, now=self.clock.now(), failure=_failure(why)))
        return True

    def _is_to_be_claimed(self, there: Job, log: Log) -> bool:
        match decide_claim(there, now=self.clock.now()):
            case ClaimDecision.ACKNOWLEDGE:
                log.info("dispatch.duplicate", state=there.state, attempt=there.attempt)
                return False
            case ClaimDecision.BUSY:
                raise ClaimHeldError(there)
            case ClaimDecision.TAKE_OVER | ClaimDecision.CREATE:
                return True

    def _take_over(self, there: Job, options: JobOptions, log: Log) -> Job | None:
        """Claim a job anew, unless the task of its expired claim turns out to be alive."""
        if there.state is State.CLAIMED and (task := self.launcher.find(there)) is not None:
            self._save(there, launched(there, now=self.clock.now(), task_arn=task.task_arn))
            log.info("dispatch.found_launched", attempt=there.attempt, task_arn=task.task_arn)
            return None
        mine = take_over(
            there, now=self.clock.now(), lease_seconds=self.lease_seconds, options=options
        )
        self._save(there, mine)
        log.info("dispatch.taken_over", state=there.state, attempt=mine.attempt)
        return mine

    def _save(self, before: Job, after: Job) -> None:
        try:
            self.jobs.save(before, after)
        except StaleWriteError as error:
            raise ClaimHeldError(before) from error


def _failure(why: OptionsRefusedError) -> Failure:
    return Failure(code=why.code, summary=why.summary, resolution=why.resolution)
