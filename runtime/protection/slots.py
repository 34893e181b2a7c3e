"""The slots of critical sessions on the lease, each waiting, held, leaving or evicted."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from .errors import ProtectionLostError
from .lease import FOREVER


class SlotState(Enum):
    """The state of a critical session."""

    WAITING = "waiting"
    HELD = "held"
    LEAVING = "leaving"
    EVICTED = "evicted"


@dataclass(slots=True, kw_only=True, eq=False)
class Slot:
    """One critical session. Changed only under the keeper's lock.

    cap_at: monotonic time beyond which this session may not be protected.
    first_seconds: the first lease it asks for, None for the policy's.
    lost: set once `error` holds the reason to leave.
    """

    session_id: str
    cap_at: float = FOREVER
    first_seconds: float | None = None
    state: SlotState = SlotState.WAITING
    error: ProtectionLostError | None = None
    reported: bool = False
    lost: threading.Event = field(default_factory=threading.Event)

    @property
    def live(self) -> bool:
        """Whether it needs protection."""
        return self.state is SlotState.WAITING or self.state is SlotState.HELD

    def revoke(self, error: ProtectionLostError, *, evict: bool = False) -> None:
        """Revoke the session; an evicted one may not use the rest of the lease."""
        if self.error is None:
            self.error = error
        self.state = SlotState.EVICTED if evict else SlotState.LEAVING
        self.lost.set()


def live_slots(slots: Iterable[Slot]) -> list[Slot]:
    """Return the slots that need protection."""
    return [slot for slot in slots if slot.live]
