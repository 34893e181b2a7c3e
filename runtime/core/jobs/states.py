"""States of a job and the table of transitions between them."""

from enum import StrEnum


class State(StrEnum):
    """Where a job is; see `TRANSITIONS`."""

    PENDING = "PENDING"
    CLAIMED = "CLAIMED"
    LAUNCHED = "LAUNCHED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


TRANSITIONS: dict[State, frozenset[State]] = {
    # PENDING -> PENDING: another message is sent for the job.
    # To SUCCEEDED without a run: an earlier attempt has published the results.
    State.PENDING: frozenset(
        {State.PENDING, State.CLAIMED, State.SUCCEEDED, State.FAILED, State.CANCELLED}
    ),
    # CLAIMED -> CLAIMED is the takeover of an expired lease; CLAIMED -> RUNNING is a task that
    # starts before the dispatcher has written LAUNCHED.
    State.CLAIMED: frozenset(
        {
            State.CLAIMED,
            State.LAUNCHED,
            State.RUNNING,
            State.PENDING,
            State.SUCCEEDED,
            State.FAILED,
            State.CANCELLED,
        }
    ),
    # LAUNCHED -> LAUNCHED: the work queue's message is sent again.
    State.LAUNCHED: frozenset(
        {
            State.LAUNCHED,
            State.RUNNING,
            State.PENDING,
            State.SUCCEEDED,
            State.FAILED,
            State.CANCELLED,
        }
    ),
    State.RUNNING: frozenset(
        {State.RUNNING, State.PENDING, State.SUCCEEDED, State.FAILED, State.CANCELLED}
    ),
    # Only `retry` and `reprocess` requeue a job that has ended, see `ON_REQUEST`.
    State.SUCCEEDED: frozenset({State.PENDING}),
    # FAILED -> CLAIMED: the same bytes were uploaded again after a failure before any run.
    State.FAILED: frozenset({State.CLAIMED, State.PENDING}),
    State.CANCELLED: frozenset({State.PENDING}),
}


ENDED = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})


ON_REQUEST = frozenset((ended, State.PENDING) for ended in ENDED)
"""Transitions that only a person's request makes; no component takes them by itself."""


class IllegalTransitionError(ValueError):
    """A caller asked for a transition that the table does not allow."""
