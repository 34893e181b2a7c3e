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


REQUEUED_ON_REQUEST = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})
"""The ends that any run may have."""

# PENDING -> PENDING: another message is sent for the job.
# PENDING -> SUCCEEDED without a run: an earlier attempt has published the results.
# CLAIMED -> CLAIMED is the takeover of an expired lease; CLAIMED -> RUNNING is a task that starts
# before the dispatcher has written LAUNCHED.
# LAUNCHED -> LAUNCHED: the work queue's message is sent again.
# FAILED -> CLAIMED: the same bytes were uploaded again after a failure before any run.
# Only `retry` and `reprocess` requeue a job that has ended, see `ON_REQUEST`.
_RUNS: dict[State, frozenset[State]] = {
    State.PENDING: REQUEUED_ON_REQUEST | {State.PENDING, State.CLAIMED},
    State.CLAIMED: REQUEUED_ON_REQUEST
    | {State.CLAIMED, State.LAUNCHED, State.RUNNING, State.PENDING},
    State.LAUNCHED: REQUEUED_ON_REQUEST | {State.LAUNCHED, State.RUNNING, State.PENDING},
    State.RUNNING: REQUEUED_ON_REQUEST | {State.RUNNING, State.PENDING},
    State.SUCCEEDED: frozenset({State.PENDING}),
    State.FAILED: frozenset({State.CLAIMED, State.PENDING}),
    State.CANCELLED: frozenset({State.PENDING}),
}

ERASABLE = frozenset(_RUNS)

TRANSITIONS: dict[State, frozenset[State]] = {
    **{state: targets | {State.ERASING} for state, targets in _RUNS.items()},
    # Nothing leaves it: the record is removed once all that it names is.
    State.ERASING: frozenset(),
}

ENDED = REQUEUED_ON_REQUEST | {State.ERASING}

ON_REQUEST = frozenset((ended, State.PENDING) for ended in REQUEUED_ON_REQUEST) | frozenset(
    (state, State.ERASING) for state in ERASABLE
)
"""Transitions that only a person's request makes; no component takes them by itself."""


class IllegalTransitionError(ValueError):
    """A caller asked for a transition that the table does not allow."""
