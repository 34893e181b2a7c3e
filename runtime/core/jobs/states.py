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
    ERASING = "ERASING"


_RUNS: dict[State, frozenset[State]] = {
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


ERASABLE = frozenset(_RUNS)

TRANSITIONS: dict[State, frozenset[State]] = {
    **{state: targets | {State.ERASING} for state, targets in _RUNS.items()},
    # Nothing leaves it: the record is removed once all that it names is.
    State.ERASING: frozenset(),
}

REQUEUED_ON_REQUEST = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})

ENDED = REQUEUED_ON_REQUEST | {State.ERASING}

ON_REQUEST = frozenset((ended, State.PENDING) for ended in REQUEUED_ON_REQUEST) | frozenset(
    (state, State.ERASING) for state in ERASABLE
)
"""Transitions that only a person's request makes; no component takes them by itself."""


class IllegalTransitionError(ValueError):
    """A caller asked for a transition that the table does not allow."""
