"""One lease for all sessions: decides under its lock and applies answers, never calls ECS itself.

Whoever drives it (the manager's thread, or a simulation) repeats: `begin()`; make the call it
returns, with no lock held; `finish()` with the answer.
"""

import threading
from collections.abc import Callable

from runtime.core.clock import MonotonicClock, WallClock
from runtime.core.errors import LeaseLost, Permanent
from runtime.core.log import Log
from runtime.core.metrics import Metrics
from runtime.core.protection import TASK_NOT_VALID, Answer, NotApplicable, Protected, Refused
from runtime.protection import slots as seating
from runtime.protection.deferred_writes import DeferredWrites
from runtime.protection.lease import (
    FOREVER,
    NEVER,
    Action,
    Disable,
    Enable,
    LeaseState,
    Release,
    Wait,
    decide,
    surrender_time,
)
from runtime.protection.lease_record import Call, LeaseRecord
from runtime.protection.policy import MINUTE, Policy
from runtime.protection.slots import Slot, SlotState
from runtime.protection.status import Snapshot


class LeaseKeeper:
    """Seats of sessions and the lease they share; safe to use from any thread.

    `jitter` returns a number from 0 to 1 that spreads retries. `condition` is notified whenever
    there may be something to do or somebody waiting has an answer.
    """

    def __init__(
        self,
        *,
        policy: Policy,
        monotonic: MonotonicClock,
        wall: WallClock,
        jitter: Callable[[], float],
        log: Log,
        metrics: Metrics,
    ) -> None:
        """Start with no session and no lease."""
        self.condition = threading.Condition()
        self.policy = policy
        self._monotonic = monotonic
        self._wall = wall
        self._outbox = DeferredWrites(log, metrics)
        self._book = LeaseRecord(policy=policy, jitter=jitter, outbox=self._outbox)
        self._seats: list[Slot] = []
        self._applicable = True

    # ------------------------------------------------------------ sessions

    def take(self, seat: Slot) -> None:
        """Let a session be protected: at once if there is lease enough, else by the next call."""
        with self.condition:
            now = self._monotonic.monotonic()
            if not seating.live(self._seats):
                self._book.turn()
            self._seats.append(seat)
            lease = self._book.lease
            enough = lease is not None and lease.expires_at - now > self.policy.joinable_seconds
            if enough or not self._applicable:
                seat.state = SlotState.HELD
            self.condition.notify_all()

    def give_up(self, seat: Slot) -> None:
        """Let go of a seat; taking it up again needs a new one. Harmless when repeated."""
        with self.condition:
            if seat in self._seats:
                self._seats.remove(seat)
                if not seating.live(self._seats):
                    self._book.turn()
                self.condition.notify_all()

    def check(self, seat: Slot) -> None:
        """Raise `LeaseLost` unless this session is protected for some time to come.

        Needs no thread: a lease that runs out is noticed here even if nobody renews it any more.
        """
        with self.condition:
            now = self._monotonic.monotonic()
            self._lose_overstayed(now)
            if seat.state is SlotState.HELD and self._applicable:
                lease = self._book.lease
                if lease is None or now >= surrender_time(self.policy, lease):
                    self._surrender(now)
            error = seat.error
        self._outbox.flush()
        if error is not None:
            raise error

    def safe_until(self, seat: Slot) -> float:
        """Return from when `check` will raise, as things stand (monotonic seconds)."""
        with self.condition:
            if seat.error is not None:
                return NEVER
            if not self._applicable:
                return FOREVER
            lease = self._book.lease
            surrender = NEVER if lease is None else surrender_time(self.policy, lease)
            return min(surrender, seat.cap_at - self.policy.surrender_at_seconds)

    def hopeless(self) -> Permanent | None:
        """Return why asking ECS again is useless, if it is."""
        with self.condition:
            return self._book.hopeless

    def lose_all(self, error: LeaseLost, *, evict: bool = False) -> None:
        """Tell every session to go; unless evicted, they keep what is left of the lease."""
        with self.condition:
            for seat in self._seats:
                seat.lose(error, evict=evict)
            self._book.lease = None
            self._book.turn()
            self.condition.notify_all()

    def newly_lost(self) -> list[Slot]:
        """Return the seats lost since the last time this was asked."""
        with self.condition:
            lost = [seat for seat in self._seats if seat.error is not None and not seat.told]
            for seat in lost:
                seat.told = True
            return lost

    # ------------------------------------------------------------ driving

    def begin(self) -> Call | Wait:
        """Return the call to make now, or until when (monotonic seconds) there is none."""
        with self.condition:
            step = self._next_step()
        self._outbox.flush()
        return step

    def peek(self) -> Action:
        """Return what `begin` would decide now, without doing any of it."""
        with self.condition:
            return decide(self.policy, self._state(), self._monotonic.monotonic())

    def finish(self, call: Call, answer: Answer) -> None:
        """Apply the answer to a call."""
        with self.condition:
            now = self._monotonic.monotonic()
            if isinstance(answer, NotApplicable):
                self._not_applicable(answer.why)
            elif isinstance(call.action, Enable):
                self._enabled(call, call.action, answer, now)
            else:
                self._book.disable_answered(answer, now)
            self.condition.notify_all()
        self._outbox.flush()

    def snapshot(self) -> Snapshot:
        """Return everything worth knowing, at one moment."""
        with self.condition:
            now = self._monotonic.monotonic()
            lease = self._book.lease
            if lease is not None and lease.expires_at <= now:
                lease = None
            return Snapshot(
                policy=self.policy,
                session_ids=tuple(sorted({seat.session_id for seat in self._seats})),
                critical_sessions=len(seating.live(self._seats)),
                applicable=self._applicable,
                active=lease is not None,
                seconds_to_expiry=lease.expires_at - now if lease else None,
                lease_age_seconds=now - lease.since if lease else None,
                last_error=self._book.last_error,
                counters=self._book.counters,
            )

    # ------------------------------------------------------------ under the lock

    def _state(self) -> LeaseState:
        live = seating.live(self._seats)
        book = self._book
        return LeaseState(
            live=len(live),
            waiting=any(seat.state is SlotState.WAITING for seat in live),
            leaving=sum(seat.state is SlotState.LEAVING for seat in self._seats),
            horizon=max((seat.cap_at for seat in live), default=FOREVER),
            first_seconds=max(
                (seat.first_seconds for seat in live if seat.first_seconds is not None),
                default=None,
            ),
            lease=book.lease,
            on_until=book.on_until,
            retry_at=book.retry_at,
            enable_at=book.enable_at,
            disable_at=book.disable_at,
            applicable=self._applicable,
        )

    def _next_step(self) -> Call | Wait:
        now = self._monotonic.monotonic()
        self._lose_overstayed(now)
        action = decide(self.policy, self._state(), now)
        while isinstance(action, Release):
            self._surrender(now)
            action = decide(self.policy, self._state(), now)
        if isinstance(action, Wait):
            caps = [
                seat.cap_at - self.policy.surrender_at_seconds for seat in seating.live(self._seats)
            ]
            return Wait(min([action.until, *caps]))
        if isinstance(action, Disable):
            # From here on protection may end at any moment: nobody may join this lease.
            self._book.lease = None
        return Call(action, now)

    def _enabled(self, call: Call, action: Enable, answer: Answer, now: float) -> None:
        if isinstance(answer, Protected):
            self._book.granted(call, action, answer, now=now, wall_now=self._wall.now())
            lease = self._book.lease
            if lease is not None and now < surrender_time(self.policy, lease):
                self._seat_waiting()
        elif isinstance(answer, Refused):
            if answer.reason == TASK_NOT_VALID and not self._book.ever_protected:
                self._not_applicable("this task does not belong to an ECS service")
                return
            self._book.refused(answer.reason, answer.detail)
            for seat in seating.live(self._seats):
                seat.lose(seating.refused(answer.reason, answer.detail))
        else:
            self._book.enable_failed(action, answer, now)

    def _not_applicable(self, why: str) -> None:
        if self._applicable:
            self._outbox.info("protection.not_applicable", why=why)
        self._applicable = False
        self._book.off()
        self._seat_waiting()

    def _seat_waiting(self) -> None:
        for seat in self._seats:
            if seat.state is SlotState.WAITING:
                seat.state = SlotState.HELD

    def _surrender(self, now: float) -> None:
        lease = self._book.lease
        held = [seat for seat in self._seats if seat.state is SlotState.HELD]
        # A lease is not renewed in its last minute before the cap: that is no failure to renew.
        capped = [seat for seat in held if lease and lease.expires_at >= seat.cap_at - MINUTE]
        for seat in capped:
            self._overstay(seat)
        if len(capped) == len(held):
            self._book.lease = None
        else:
            error = seating.running_out(self._book.surrendered(now), self._book.last_error)
            for seat in held:
                if seat.state is SlotState.HELD:
                    seat.lose(error)
        self.condition.notify_all()

    def _lose_overstayed(self, now: float) -> None:
        for seat in self._seats:
            if seat.live and now >= seat.cap_at - self.policy.surrender_at_seconds:
                self._overstay(seat)
                self.condition.notify_all()

    def _overstay(self, seat: Slot) -> None:
        seat.lose(seating.overstayed(seat.session_id))
        self._outbox.error("protection.cap_reached", session_id=seat.session_id)
