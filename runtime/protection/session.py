"""A job's session: requests protection, and learns when it is lost."""

import threading
from collections.abc import Callable
from typing import Self

from .errors import ProtectionLostError
from .lease import FOREVER
from .slots import Slot, SlotState


class ProcessingSession:
    """One job's share of the task's protection; made by `ProtectionManager.session`.

    Entering it as a context makes it critical and waits for protection; leaving cleans up. Only
    `lost` may be used by other threads. `allowed_seconds` counts from the first critical moment.
    """

    def __init__(
        self,
        *,
        session_id: str,
        acquire: Callable[[Slot], None],
        release: Callable[[Slot], None],
        check: Callable[[Slot], None],
        forget: Callable[["ProcessingSession"], None],
        now: Callable[[], float],
        allowed_seconds: float = FOREVER,
        first_seconds: float | None = None,
    ) -> None:
        self.session_id = session_id
        self._acquire = acquire
        self._release = release
        self._check = check
        self._forget = forget
        self._now = now
        self._allowed_seconds = allowed_seconds
        self._first_seconds = first_seconds
        self._cap_at: float | None = None
        self._slot: Slot | None = None
        self.lost = threading.Event()

    @property
    def critical(self) -> bool:
        """Whether it requests protection."""
        return self._slot is not None

    def set_critical(self, critical: bool) -> None:  # noqa: FBT001 - a two-valued state
        """Request protection and wait until it is in force, or release it; idempotent.

        Raises `ProtectionLostError` if ECS refuses or this session has lost its lease, and
        `ProtectionUnavailableError` or `ProtectionDeniedError` if protection is not in force in
        time. After an error it is not critical.
        """
        if not critical:
            self._leave()
            return
        if self._slot is not None:
            self.check()
            return
        if self._cap_at is None:
            self._cap_at = self._now() + self._allowed_seconds
        self.lost.clear()
        slot = Slot(
            session_id=self.session_id,
            cap_at=self._cap_at,
            first_seconds=self._first_seconds,
            lost=self.lost,
        )
        self._slot = slot
        try:
            self._acquire(slot)
        except BaseException:
            self._leave()
            raise

    def check(self) -> None:
        """Raise `ProtectionLostError` if the job must checkpoint and stop.

        Cheap; call it at least every 20 s, so that enough lease is left for the checkpoint.
        """
        if self._slot is not None:
            self._check(self._slot)

    @property
    def protected(self) -> bool:
        """Whether protection is in force for this session, or not applicable."""
        slot = self._slot
        if slot is None:
            return False
        try:
            self._check(slot)
        except ProtectionLostError:
            return False
        return slot.state is SlotState.HELD

    def cleanup(self) -> None:
        """End the session from any state; idempotent."""
        self._leave()
        self._forget(self)

    def __enter__(self) -> Self:
        self.set_critical(True)
        return self

    def __exit__(self, *_: object) -> None:
        self.cleanup()

    def _leave(self) -> None:
        slot, self._slot = self._slot, None
        if slot is not None:
            self._release(slot)
