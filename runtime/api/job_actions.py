"""What a person does to a job: cancel, run again, rename, hold, erase. All are idempotent."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from runtime.api.problems import conflict, on_hold, would_expire
from runtime.core import jobs as lifecycle
from runtime.core.clock import WallClock
from runtime.core.jobs import Job, State
from runtime.core.messages import requeue_message
from runtime.core.options import JobOptions
from runtime.core.ports import (
    JobStore,
    MessageSender,
    ObjectNotFoundError,
    ObjectStore,
    StaleWriteError,
)

TRIES = 5
"""How often an action is decided again because another writer changed the record first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobActions:
    """Actions on jobs that their caller may change.

    `object_days` is the age at which S3 expires uploads or results; 0 for never.
    """

    jobs: JobStore
    objects: ObjectStore
    queue: MessageSender
    clock: WallClock
    object_days: int = 0

    def cancel(self, job: Job) -> Job:
        """Cancel a job; one that runs stops at its next report. Raise `ProblemError` 409."""
        cancelled = self._change(
            job, lambda each, now: each if each.ended else lifecycle.cancel(each, now=now)
        )
        if cancelled.state is not State.CANCELLED:
            raise conflict(f"The job is {cancelled.state}.", "There is nothing to cancel.")
        return cancelled

    def retry(self, job: Job) -> Job:
        """Requeue a failed or cancelled job, or one that waits; raise `ProblemError` 409."""
        if job.state is State.SUCCEEDED:
            raise conflict("The job has succeeded.", "Reprocess it to run it again.")
        if job.ended:
            self._require_upload(job)
        return self._announced(
            self._change(job, lambda each, now: lifecycle.retry_or_hasten(each, now=now))
        )

    def reprocess(self, job: Job, options: JobOptions | None) -> Job:
        """Run an ended job once more, with other options if given; raise `ProblemError` 409.

        Its results stay until new ones are published.
        """
        self._require_end(job)
        self._require_upload(job)

        def again(each: Job, now: float) -> Job:
            return lifecycle.run_again(each, now=now, options=options) if each.ended else each

        return self._announced(self._change(job, again))

    def rename(self, job: Job, title: str | None) -> Job:
        """Give a job that has ended another title; raise `ProblemError` 409."""
        if not job.ended:
            raise conflict(f"The job is {job.state}.", "Rename it once it has ended.")

        def renamed(each: Job, _now: float) -> Job:
            return lifecycle.rename(each, title=title) if each.ended else each

        return self._change(job, renamed)

    def erase(self, job: Job) -> Job:
        """Begin the erasure of a job in any state: it is neither read nor processed from now on.

        The reaper stops what works on it and removes everything. Raise `ProblemError` 409 under a
        legal hold.
        """
        return self._change(
            job, lambda each, now: each if each.erasing else lifecycle.erase(each, now=now)
        )

    def hold(self, job: Job, *, reason: str, by: str) -> Job:
        """Put a job that has ended under a legal hold, or change the hold's reason.

        Raise `ProblemError` 409 where S3 would expire what is held.
        """
        if self.object_days:
            raise would_expire(self.object_days)
        self._require_end(job)
        return self._change(
            job, lambda each, now: lifecycle.hold(each, reason=reason, by=by, now=now)
        )

    def release(self, job: Job) -> Job:
        """Lift a job's legal hold."""
        self._require_end(job)
        return self._change(job, lambda each, _now: lifecycle.release(each))

    def _announced(self, job: Job) -> Job:
        if job.state is not State.PENDING:
            raise conflict(f"The job is {job.state}: it is being worked on.", "Wait for its end.")
        self.queue.send(requeue_message(job.job_id))
        return job

    def _change(self, job: Job, to: Callable[[Job, float], Job]) -> Job:
        before: Job | None = job
        for _ in range(TRIES):
            if before is None or (before.erasing and not job.erasing):
                raise conflict("The job was deleted.", "There is nothing left to change.")
            try:
                after = to(before, self.clock.now())
            except lifecycle.OnHoldError as error:
                raise on_hold() from error
            if after == before:
                return before
            try:
                self.jobs.save(before, after)
            except StaleWriteError:
                before = self.jobs.get(job.job_id)
                continue
            return after
        raise conflict("The job keeps changing.", "Try again.")

    @staticmethod
    def _require_end(job: Job) -> None:
        if not job.ended:
            raise conflict(f"The job is {job.state}.", "Wait for its end, or cancel it first.")

    def _require_upload(self, job: Job) -> None:
        with suppress(ObjectNotFoundError):
            if self.objects.head(job.source.bucket, job.source.key).job_id == job.job_id:
                return
        raise conflict(
            "The recording was deleted or replaced.", "Upload it again.", code="upload.gone"
        )
