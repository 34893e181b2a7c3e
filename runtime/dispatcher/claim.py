"""Who launches a job: the decision and the conditional write that makes it true."""

from dataclasses import dataclass

from runtime.core.clock import WallClock
from runtime.core.errors import Retryable
from runtime.core.jobs import (
    ClaimDecision,
    Job,
    Source,
    State,
    claim_new,
    decide_claim,
    launched,
    take_over,
)
from runtime.core.log import Log
from runtime.core.ports import JobStore, StaleWriteError, TaskLauncher


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
    launcher: TaskLauncher
    clock: WallClock
    lease_seconds: float

    def claim(self, source: Source, log: Log) -> Job | None:
        """Return the job to launch, or None when there is nothing left to do.

        Raise `ClaimHeldError` when somebody else may be launching it.
        """
        fresh = claim_new(source, now=self.clock.now(), lease_seconds=self.lease_seconds)
        there = self.jobs.create(fresh)
        return fresh if there is None else self.claim_again(there, log)

    def claim_again(self, there: Job, log: Log) -> Job | None:
        """Claim a job that has a record, as `claim` does.

        Return the job to launch, or None when there is nothing left to do. Raise `ClaimHeldError`.
        """
        match decide_claim(there, now=self.clock.now()):
            case ClaimDecision.ACKNOWLEDGE:
                log.info("dispatch.duplicate", state=there.state, attempt=there.attempt)
                return None
            case ClaimDecision.BUSY:
                raise ClaimHeldError(there)
            case ClaimDecision.TAKE_OVER | ClaimDecision.CREATE:
                return self._take_over(there, log)

    def _take_over(self, there: Job, log: Log) -> Job | None:
        """Claim a job anew, unless the task of its expired claim turns out to be alive."""
        if there.state is State.CLAIMED and (task := self.launcher.find(there)) is not None:
            self._save(there, launched(there, now=self.clock.now(), task_arn=task.task_arn))
            log.info("dispatch.found_launched", attempt=there.attempt, task_arn=task.task_arn)
            return None
        mine = take_over(there, now=self.clock.now(), lease_seconds=self.lease_seconds)
        self._save(there, mine)
        log.info("dispatch.taken_over", state=there.state, attempt=mine.attempt)
        return mine

    def _save(self, before: Job, after: Job) -> None:
        try:
            self.jobs.save(before, after)
        except StaleWriteError as error:
            raise ClaimHeldError(before) from error
