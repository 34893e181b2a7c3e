"""Transitions that only a person requests: cancel, retry and reprocess."""

from runtime.core.jobs.job import Job, move
from runtime.core.jobs.runs import SETTLED_COUNTS
from runtime.core.jobs.states import IllegalTransitionError, State


def cancel(job: Job, *, now: float) -> Job:
    """Return the job as cancelled by a person."""
    return move(job, State.CANCELLED, now, lease_until=None)


def retry(job: Job, *, now: float) -> Job:
    """Return a failed or cancelled job requeued on request, with a fresh budget of runs."""
    if job.state is State.SUCCEEDED:
        raise IllegalTransitionError(f"job {job.job_id} succeeded; only `reprocess` requeues it")
    return _run_again(job, now)


def reprocess(job: Job, *, now: float) -> Job:
    """Return a succeeded job requeued on request, with a fresh budget of runs.

    It keeps its `result_key`: the old results stay until another attempt publishes.
    """
    if job.state is not State.SUCCEEDED:
        raise IllegalTransitionError(
            f"job {job.job_id} is {job.state}; only a succeeded job is reprocessed"
        )
    return _run_again(job, now)


def _run_again(job: Job, now: float) -> Job:
    if not job.ended:
        raise IllegalTransitionError(f"job {job.job_id} is {job.state}: it has not ended")
    return move(
        job,
        State.PENDING,
        now,
        on_request=True,
        attempt=job.attempt + 1,
        runs=0,
        reruns=job.reruns + 1,
        misses=0,
        task_arn=None,
        started_at=None,
        first_started_at=None,
        suspected_at=None,
        stage=None,
        progress=0.0,
        failure=None,
        not_before=None,
        waiting_for=None,
        **SETTLED_COUNTS,
    )
