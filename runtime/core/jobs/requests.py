"""What only a person requests: cancel, retry, reprocess, rename, hold and erase."""

from dataclasses import replace

from runtime.core.jobs.job import AFRESH, Hold, Job, move
from runtime.core.jobs.runs import SETTLED_COUNTS
from runtime.core.jobs.states import IllegalTransitionError, State
from runtime.core.jobs.waiting import hasten, requeue
from runtime.core.options import JobOptions


def cancel(job: Job, *, now: float) -> Job:
    """Return the job as cancelled by a person."""
    return move(job, State.CANCELLED, now, lease_until=None)


QUIET_SECONDS = 300.0
"""A process that lost its job stops within this time: it has missed ten heartbeats by then."""


class OnHoldError(Exception):
    """The job is under a legal hold: nothing of it may be erased or replaced."""


def erase(job: Job, *, now: float) -> Job:
    """Return the job as being erased; raise `OnHoldError` under a legal hold.

    No write of an attempt succeeds from now on. `not_before` is when the last process that may
    still have it has stopped.
    """
    if job.hold is not None:
        raise OnHoldError(f"job {job.job_id} is on hold since {job.hold.at:.0f}")
    quiet_at = None if job.ended else now + QUIET_SECONDS
    return move(job, State.ERASING, now, on_request=True, lease_until=None, not_before=quiet_at)


def hold(job: Job, *, reason: str, by: str, now: float) -> Job:
    """Return the ended job under a legal hold."""
    return _held(job, Hold(reason=reason, by=by, at=now))


def release(job: Job) -> Job:
    """Return the ended job without a legal hold."""
    return _held(job, None)


def _held(job: Job, held: Hold | None) -> Job:
    if not job.ended or job.erasing:
        raise IllegalTransitionError(f"job {job.job_id} is {job.state}: it has not ended")
    return replace(job, hold=held)


def retry(job: Job, *, now: float) -> Job:
    """Return a failed or cancelled job requeued on request, with a fresh budget of runs."""
    if job.state is State.SUCCEEDED:
        raise IllegalTransitionError(f"job {job.job_id} succeeded; only `reprocess` requeues it")
    return _run_again(job, now)


def reprocess(job: Job, *, now: float, options: JobOptions | None = None) -> Job:
    """Return a succeeded job requeued on request, with a fresh budget of runs.

    It keeps its `result_key`: the old results stay until another attempt publishes. `options`
    replace the job's own, and then win over those in the upload's metadata.
    """
    if job.state is not State.SUCCEEDED:
        raise IllegalTransitionError(
            f"job {job.job_id} is {job.state}; only a succeeded job is reprocessed"
        )
    return run_again(job, now=now, options=options)


def run_again(job: Job, *, now: float, options: JobOptions | None = None) -> Job:
    """Return a job that has ended in any way requeued on request, as `reprocess` does."""
    again = _run_again(job, now)
    return again if options is None else replace(again, options=options, options_requested=True)


def rename(job: Job, *, title: str | None) -> Job:
    """Return the ended job with another title, or None for none.

    A job that has not ended is written by its processor, which would put the old title back.
    """
    if not job.ended:
        raise IllegalTransitionError(f"job {job.job_id} is {job.state}: it has not ended")
    return replace(job, submission=replace(job.submission, title=title))


def retry_or_hasten(job: Job, *, now: float) -> Job:
    """Return a job that has ended badly, or waits, as PENDING and due at once; else unchanged.

    One that waits in a work queue gets another attempt, because its message may be lost.
    """
    if job.state in {State.FAILED, State.CANCELLED}:
        return retry(job, now=now)
    if job.queued:
        return requeue(job, now=now)
    return job if job.not_before is None else hasten(job, now=now)


def _run_again(job: Job, now: float) -> Job:
    if not job.ended:
        raise IllegalTransitionError(f"job {job.job_id} is {job.state}: it has not ended")
    if job.hold is not None:
        # Another run would replace results and remove older ones.
        raise OnHoldError(f"job {job.job_id} is on hold since {job.hold.at:.0f}")
    return move(
        job,
        State.PENDING,
        now,
        on_request=True,
        attempt=job.attempt + 1,
        runs=0,
        reruns=job.reruns + 1,
        misses=0,
        started_at=None,
        first_started_at=None,
        suspected_at=None,
        published_by=None,
        **AFRESH,
        **SETTLED_COUNTS,
    )
