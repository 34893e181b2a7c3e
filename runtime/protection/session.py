"""What a job holds: it says when it must not be interrupted, and learns when it has to go."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from runtime.core.errors import LeaseLost
from runtime.protection.lease import FOREVER
from runtime.protection.slots import Slot, SlotState


class ProcessingSession:
    """One job's claim on the task's protection; made by `ProtectionManager.session`.

    Entering it as a context makes it critical (and waits for protection), leaving cleans up.
    Not shared between threads, but for `lost`.
    """

    def __init__(
        self,
        *,
        session_id: str,
        acquire: Callable[[Slot], None],
        give_up: Callable[[Slot], None],
        check: Callable[[Slot], None],
        forget: Callable[["ProcessingSession"], None],
        now: Callable[[], float],
        allowed_seconds: float = FOREVER,
        first_seconds: float | None = None,
    ) -> None:
        """Keep what the manager hands over; `allowed_seconds` counts from the first critical."""
        self.session_id = session_id
        self._acquire = acquire
        self._give_up = give_up
        self._check = check
        self._forget = forget
        self._now = now
        self._allowed_seconds = allowed_seconds
        self._first_seconds = first_seconds
        self._cap_at: float | None = None
        self._seat: Slot | None = None
        self.lost = threading.Event()

    @property
    def critical(self) -> bool:
        """Whether it asks for protection."""
        return self._seat is not None

    def set_critical(self, critical: bool) -> None:  # noqa: FBT001 - the name both designs use
        """Ask for protection and wait until it is in force, or let go of it.

        Repeating either is harmless. Raises `LeaseLost` if ECS refuses or this session has lost
        its lease before, `Retryable` or `Permanent` if protection could not be had in time; after
        any of them the session is not critical.
        """
        if not critical:
            self._leave()
            return
        if self._seat is not None:
            self.check()
            return
        if self._cap_at is None:
            self._cap_at = self._now() + self._allowed_seconds
        self.lost.clear()
        seat = Slot(
            session_id=self.session_id,
            cap_at=self._cap_at,
            first_seconds=self._first_seconds,
            lost=self.lost,
        )
        self._seat = seat
        try:
            self._acquire(seat)
        except BaseException:
            self._leave()
            raise

    def check(self) -> None:
        """Raise `LeaseLost` if the job has to checkpoint and go; cheap, call it at every step.

        At least every 20 s, so that the rest of the lease is left for the checkpoint.
        """
        if self._seat is not None:
            self._check(self._seat)

    @property
    def protected(self) -> bool:
        """Whether protection is in force for this session, or needless."""
        if self._seat is None:
            return False
        try:
            self._check(self._seat)
        except LeaseLost:
            return False
        return self._seat.state is SlotState.HELD

    def cleanup(self) -> None:
        """End the session, whatever state it is in; harmless when repeated."""
        self._leave()
        self._forget(self)

    def __enter__(self) -> Self:
        self.set_critical(True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cleanup()

    def _leave(self) -> None:
        seat, self._seat = self._seat, None
        if seat is not None:
            self._give_up(seat)
