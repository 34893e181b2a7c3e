"""Who sits on the lease: one seat a critical session, waiting, held, told to leave or evicted."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from runtime.core.errors import LeaseLost, Permanent
from runtime.core.protection import Failed
from runtime.protection.lease import FOREVER


class SlotState(Enum):
    """Where a session stands."""

    WAITING = "waiting"
    HELD = "held"
    LEAVING = "leaving"
    EVICTED = "evicted"


@dataclass(slots=True, kw_only=True, eq=False)
class Slot:
    """One critical session. Changed only under the keeper's lock.

    cap_at: monotonic time beyond which this session may not be protected.
    first_seconds: the first lease it would like, None for the policy's.
    lost: set once `error` says why the session has to go.
    """

    session_id: str
    cap_at: float = FOREVER
    first_seconds: float | None = None
    state: SlotState = SlotState.WAITING
    error: LeaseLost | None = None
    told: bool = False
    lost: threading.Event = field(default_factory=threading.Event)

    @property
    def live(self) -> bool:
        """Whether it needs protection, now or still."""
        return self.state is SlotState.WAITING or self.state is SlotState.HELD

    def lose(self, error: LeaseLost, *, evict: bool = False) -> None:
        """Tell the session to go; an evicted one has no claim on what is left of the lease."""
        if self.error is None:
            self.error = error
        self.state = SlotState.EVICTED if evict else SlotState.LEAVING
        self.lost.set()


def live(seats: Iterable[Slot]) -> list[Slot]:
    """Return the seats that need protection."""
    return [seat for seat in seats if seat.live]


def refused(reason: str, detail: str | None) -> LeaseLost:
    """Return what a job is told when ECS says no."""
    return LeaseLost(
        "protection.refused",
        f"ECS refuses to protect this task: {reason}{f' ({detail})' if detail else ''}.",
        "The job checkpoints and is released; another task resumes it. DEPLOYMENT_BLOCKED means "
        "more protected tasks than the service's desired count.",
    )


def running_out(seconds: float, last_error: str | None) -> LeaseLost:
    """Return what a job is told when the lease could not be renewed in time."""
    return LeaseLost(
        "protection.running_out",
        f"Protection of this task ends in {max(0.0, seconds):.0f} s and could not be renewed"
        f"{f': {last_error}' if last_error else ''}.",
        "The job checkpoints and is released; another task resumes it. Check the network path to "
        "ECS and the task role's ecs:UpdateTaskProtection.",
    )


def overstayed(session_id: str) -> LeaseLost:
    """Return what a job is told that has been protected as long as its deadline allows."""
    return LeaseLost(
        "protection.cap_reached",
        f"Session {session_id} has been protected up to its deadline and margin.",
        "The job is stuck or its deadline too short: look at its log, or raise the job timeout.",
    )


def forced(reason: str) -> LeaseLost:
    """Return what a job is told when protection was ended on purpose."""
    return LeaseLost(
        "protection.force_disabled",
        f"Protection of this task was ended on purpose: {reason}.",
        "The job checkpoints and is released; another task resumes it.",
    )


def died() -> LeaseLost:
    """Return what a job is told when nobody renews the lease any more."""
    return LeaseLost(
        "protection.thread_died",
        "The thread that renews task protection died.",
        "The job checkpoints and is released, and this process ends; look for "
        "protection.thread_died in the log.",
    )


def denied(answer: Failed) -> Permanent:
    """Return what a session is told that asks for protection this task may not have."""
    return Permanent(
        "protection.denied",
        f"ECS will not let this task protect itself: {answer.code}: {answer.message}.",
        "Grant the task role ecs:UpdateTaskProtection and ecs:GetTaskProtection on "
        "task/<cluster>/*, then run `python -m runtime.protection check` in the task.",
    )
