"""What a message means for a job: whether to claim it, to wait, or to let the message go."""

from enum import Enum

from runtime.core.jobs import Job, State


class ClaimDecision(Enum):
    """What a dispatcher does with a message, given the job it finds."""

    CREATE = "create"
    TAKE_OVER = "take_over"
    BUSY = "busy"
    ACKNOWLEDGE = "acknowledge"


def decide_claim(job: Job | None, *, now: float) -> ClaimDecision:
    """Decide what a message means for the job that is (or is not) there.

    A live lease is BUSY: its holder may still die, so the message must survive. A failed job that
    never ran is claimed again: its message can only come from a redrive.
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
