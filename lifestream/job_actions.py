"""Operators' actions on one job: cancel, retry, reprocess. All are idempotent."""

from collections.abc import Callable
from dataclasses import dataclass

from lifestream.ports import Operations
from runtime.core import jobs as lifecycle
from runtime.core.contract import work_prefix
from runtime.core.errors import Permanent, Retryable
from runtime.core.jobs import Job, State
from runtime.core.messages import Upload, confirm_message, requeue_message
from runtime.core.ports import ObjectNotFoundError, StaleWriteError

TRIES = 5
"""How often a write that lost to another writer is decided again on the current record."""

STOP_REASON = "Cancelled by an operator (lifestream jobs cancel)"


@dataclass(frozen=True, slots=True)
class ActionResult:
    """Whether the job is now as requested, what was done, and what to do next."""

    ok: bool
    summary: str
    next: str = ""


def cancel(operations: Operations, job_id: str) -> ActionResult:
    """Cancel a job that has not ended, and stop its task.

    A task of the job's own is stopped, also when the command is repeated. A worker is left alone,
    because it may run another job by now: it leaves this one at its next report.
    """
    job = change(operations, job_id, _cancelled)
    again = f"{operations.command} jobs retry {job_id}"
    if job.state is not State.CANCELLED:
        return ActionResult(
            ok=False,
            summary=f"Job {job_id} is {job.state} already; nothing was cancelled.",
            next=f"Look at it: {operations.command} jobs show {job_id}",
        )
    task_arn = operations.tasks.find(job)
    if task_arn is not None and operations.tasks.stop(task_arn, STOP_REASON):
        task = f"Its task {task_arn.rpartition('/')[2]} was stopped."
    else:
        task = "It has no task of its own to stop; a worker leaves it at its next report."
    return ActionResult(
        ok=True,
        summary=f"Job {job_id} ({job.source.key}) is cancelled. {task}",
        next=f"To run it after all: {again}",
    )


def retry(operations: Operations, job_id: str) -> ActionResult:
    """Requeue a failed or cancelled job with a new budget, or one that waits, and announce it."""
    job = known(operations, job_id)
    if job.state is State.SUCCEEDED:
        return ActionResult(
            ok=False,
            summary=f"Job {job_id} has succeeded; there is nothing to retry.",
            next=f"To process it again: {operations.command} jobs reprocess {job_id}",
        )
    if job.state in {State.FAILED, State.CANCELLED}:
        require_upload(operations, job)
    return _announce(operations, change(operations, job_id, _requeued))


def reprocess(operations: Operations, job_id: str, *, from_scratch: bool = False) -> ActionResult:
    """Requeue a succeeded job, and announce it; its results stay until new ones are published.

    Its processor goes on from the checkpoints that still fit (same upload, code, models and
    settings), or, with `from_scratch`, from none.
    """
    job = known(operations, job_id)
    if job.state in {State.FAILED, State.CANCELLED}:
        return ActionResult(
            ok=False,
            summary=f"Job {job_id} is {job.state}; it has nothing to reprocess.",
            next=f"To run it again: {operations.command} jobs retry {job_id}",
        )
    if job.state is State.SUCCEEDED:
        require_upload(operations, job)
    job = change(operations, job_id, _reprocessed)
    if from_scratch and job.state is State.PENDING:
        # Before it is announced. A duplicate message may have it claimed even so; that attempt
        # then resumes from the checkpoints it still finds, which are valid.
        operations.objects.delete_below(operations.bucket, work_prefix(job_id))
    return _announce(operations, job)


def announce_upload(operations: Operations, key: str) -> ActionResult:
    """Notify the dispatcher of an upload without a job, as if it had just been made."""
    operations.queue.send(confirm_message(Upload(operations.bucket, key)))
    return ActionResult(
        ok=True,
        summary=f"{key} had no job; the dispatcher was notified.",
        next=f"Follow it: {operations.command} jobs watch {key}",
    )


def known(operations: Operations, job_id: str) -> Job:
    """Return the job; raise `Permanent` when there is none."""
    job = operations.jobs.get(job_id)
    if job is None:
        raise Permanent(
            "job.not_found",
            f"There is no job {job_id} in the environment {operations.environment}.",
            f"List the jobs: {operations.command} jobs list",
        )
    return job


def change(operations: Operations, job_id: str, to: Callable[[Job, float], Job]) -> Job:
    """Save what `to` makes of the job as it is now, and return it.

    `to` returns the job itself when nothing is to be changed. Raise `Permanent` when there is no
    such job, `Retryable` when others keep changing it.
    """
    for _ in range(TRIES):
        before = known(operations, job_id)
        try:
            after = to(before, operations.clock.now())
        except lifecycle.OnHoldError as error:
            raise Permanent(
                "job.on_hold",
                f"Job {job_id} is under a legal hold: nothing of it may be erased or replaced.",
                f"Lift it: {operations.command} jobs release {job_id}",
            ) from error
        if after == before:
            return before
        try:
            operations.jobs.save(before, after)
        except StaleWriteError:
            continue
        return after
    raise Retryable(
        "job.contended",
        f"Job {job_id} changed {TRIES} times while it was to be changed.",
        "Nothing was done. Try again.",
    )


def require_upload(operations: Operations, job: Job) -> None:
    """Raise `Permanent` unless the version that the job is about is what its key holds now."""
    source = job.source
    try:
        current = operations.objects.head(source.bucket, source.key)
    except ObjectNotFoundError as error:
        raise Permanent(
            "upload.gone",
            f"Job {job.job_id} was left unchanged: its upload {source.key} is gone.",
            "Upload the video again; that makes a new job.",
        ) from error
    if current.job_id != job.job_id:
        raise Permanent(
            "upload.replaced",
            f"Job {job.job_id} was left unchanged: {source.key} was replaced since, and the new "
            f"version has a job of its own, {current.job_id}.",
            f"Look at that one: {operations.command} jobs show {current.job_id}",
        )


def _announce(operations: Operations, job: Job) -> ActionResult:
    if job.state is not State.PENDING:
        return ActionResult(
            ok=False,
            summary=f"Job {job.job_id} is {job.state}: it is being worked on, nothing was done.",
            next=f"Follow it: {operations.command} jobs watch {job.job_id}",
        )
    # The record comes first: a crash before the message leaves a PENDING job, which the same
    # command announces, while a message before the record could be dropped as a duplicate.
    operations.queue.send(requeue_message(job.job_id))
    return ActionResult(
        ok=True,
        summary=f"Job {job.job_id} ({job.source.key}) waits; the dispatcher was notified.",
        next=f"Follow it: {operations.command} jobs watch {job.job_id}",
    )


def _requeued(job: Job, now: float) -> Job:
    return lifecycle.retry_or_hasten(job, now=now)


def _cancelled(job: Job, now: float) -> Job:
    return job if job.ended else lifecycle.cancel(job, now=now)


def _reprocessed(job: Job, now: float) -> Job:
    return lifecycle.reprocess(job, now=now) if job.state is State.SUCCEEDED else job
