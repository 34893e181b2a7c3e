"""The order of jobs that wait for capacity: the oldest one is next."""

from collections.abc import Iterator
from itertools import islice

from runtime.core.errors import LifestreamError
from runtime.core.jobs import CAPACITY, Job, State, hasten
from runtime.core.log import Log
from runtime.core.messages import requeue_message
from runtime.core.ports import JobStore, MessageSender
from runtime.core.spans import about

SAMPLED = 50
"""Waiting jobs looked at for an older one. Listed by their last write, they are of any age, so
that only the few oldest of many jobs find none."""

LISTED = 2000
"""Most waiting jobs among which the oldest is looked for."""

OVERDUE_SECONDS = 60.0
"""A job whose pause has been over for longer has lost its message: others do not wait for it."""


def older_waits(jobs: JobStore, job: Job, *, now: float) -> bool:
    """Return whether a job that was uploaded before this one still waits for capacity.

    False if that cannot be read: the order is worth less than a start.
    """
    try:
        return any(
            other.created_at < job.created_at and other.options.compute == job.options.compute
            for other in islice(_waiting(jobs, now), SAMPLED)
        )
    except LifestreamError:
        return False


def pass_turn(jobs: JobStore, queue: MessageSender, *, now: float, log: Log) -> None:
    """Announce the oldest job that waits for capacity; called where capacity may be free.

    An error is only logged: every waiting job tries again by itself.
    """
    try:
        waiting = islice(_waiting(jobs, now), LISTED)
        # An outdated listing may name a job that has had its turn.
        for listed in sorted(waiting, key=lambda job: job.created_at):
            job = jobs.get(listed.job_id)
            if job is not None and _pauses(job, now):
                jobs.save(job, hasten(job, now=now))
                queue.send(requeue_message(job.job_id))
                log.info("job.turn_passed", **about(job.job_id), waits=job.waits)
                return
    except LifestreamError as error:
        log.warning("job.turn_not_passed", code=error.code, reason=error.summary)


def _waiting(jobs: JobStore, now: float) -> Iterator[Job]:
    for job in jobs.in_state(State.PENDING, on_unreadable=lambda _error: None):
        if job.waiting_for == CAPACITY and job.announce_after > now - OVERDUE_SECONDS:
            yield job


def _pauses(job: Job, now: float) -> bool:
    return (
        job.state is State.PENDING
        and job.waiting_for == CAPACITY
        and job.not_before is not None
        and job.not_before > now
    )
