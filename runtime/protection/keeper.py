"""One lease for all sessions: decides and applies answers under its lock, without calling ECS.

Its driver (the manager's thread or a simulation) repeats: `begin()`, make the returned call without
the lock, `finish()` with the answer.
"""

import threading
from collections.abc import Callable

from . import errors
from .answers import TASK_NOT_VALID, Answer, NotApplicable, Protected, Refused
from .deferred_writes import DeferredWrites
from .errors import ProtectionDeniedError, ProtectionLostError
from .lease import (
    FOREVER,
    NEVER,
    Action,
    Disable,
    Enable,
    LeaseState,
    Read,
    Release,
    Wait,
    decide,
    release_time,
)
from .lease_record import Call, LeaseRecord
from .policy import MINUTE, Policy
from .ports import Condition, Monotonic, Reports, Wall
from .slots import Slot, SlotState, live_slots
from .status import Snapshot


class LeaseKeeper:
    """The slots of sessions and the lease they share; thread-safe.

    `jitter` returns numbers from 0 to 1 that spread retries. `condition` is notified whenever there
    may be something to do, or a waiting session has an answer. `required`: sessions start with
    protection only, even if ECS says that this task cannot be protected.
    """

    def __init__(
        self,
        *,
        policy: Policy,
        monotonic: Monotonic,
        wall: Wall,
        jitter: Callable[[], float],
        reports: Reports,
        required: bool = False,
        condition: Condition | None = None,
    ) -> None:
        self.condition: Condition = threading.Condition() if condition is None else condition
        self.policy = policy
        self._monotonic = monotonic
        self._wall = wall
        self._deferred = DeferredWrites(reports)
        self._record = LeaseRecord(policy=policy, jitter=jitter, deferred=self._deferred)
        self._slots: list[Slot] = []
        self._applicable = True
        self._required = required
        self._unprotectable = False

    # ------------------------------------------------------------ sessions

    def acquire(self, slot: Slot) -> None:
        """Add a session's slot: held at once if enough lease is left, else by the next call."""
        with self.condition:
            now = self._monotonic.monotonic()
            if not live_slots(self._slots):
                self._record.reset_failures()
            self._slots.append(slot)
            lease = self._record.lease
            enough = lease is not None and lease.expires_at - now > self.policy.joinable_seconds
            if enough or not self._applicable:
                slot.state = SlotState.HELD
            self.condition.notify_all()

    def release(self, slot: Slot) -> None:
        """Remove a session's slot; idempotent."""
        with self.condition:
            if slot in self._slots:
                self._slots.remove(slot)
                if not live_slots(self._slots):
                    self._record.reset_failures()
                self.condition.notify_all()

    def check(self, slot: Slot) -> None:
        """Raise `ProtectionLostError` unless this session stays protected for some time.

        Independent of the renewal thread: a lease that runs out is noticed here as well.
        """
        with self.condition:
            now = self._monotonic.monotonic()
            self._lose_overstayed(now)
            if slot.state is SlotState.HELD and self._applicable:
                lease = self._record.lease
                if lease is None or now >= release_time(self.policy, lease):
                    self._release_all(now)
            error = slot.error
        self._deferred.flush()
        if error is not None:
            raise error

    def safe_until(self, slot: Slot) -> float:
        """Return when `check` will raise unless the lease is renewed (monotonic seconds)."""
        with self.condition:
            if slot.error is not None:
                return NEVER
            if not self._applicable:
                return FOREVER
            lease = self._record.lease
            release_at = NEVER if lease is None else release_time(self.policy, lease)
            return min(release_at, slot.cap_at - self.policy.release_at_seconds)

    def permanent_error(self) -> ProtectionDeniedError | None:
        """Return the error that a retry does not resolve, if there is one."""
        with self.condition:
            return self._record.permanent_error

    def revoke_all(self, error: ProtectionLostError, *, evict: bool = False) -> None:
        """Revoke every session; unless evicted, they keep the rest of the lease to checkpoint."""
        with self.condition:
            for slot in self._slots:
                slot.revoke(error, evict=evict)
            self._record.lease = None
            self._record.reset_failures()
            self.condition.notify_all()

    def newly_lost(self) -> list[Slot]:
        """Return the slots revoked since the last call."""
        with self.condition:
            lost = [slot for slot in self._slots if slot.error is not None and not slot.reported]
            for slot in lost:
                slot.reported = True
            return lost

    # ------------------------------------------------------------ driving

    def begin(self) -> Call | Wait:
        """Return the call to make now, or how long to wait."""
        with self.condition:
            step = self._next_step()
        self._deferred.flush()
        return step

    def peek(self) -> Action:
        """Return what `begin` would decide now, without side effects."""
        with self.condition:
            now = self._monotonic.monotonic()
            return decide(self.policy, self._state(now), now)

    def finish(self, call: Call, answer: Answer) -> None:
        """Apply the answer to a call."""
        with self.condition:
            now = self._monotonic.monotonic()
            if isinstance(answer, NotApplicable):
                self._not_applicable("NOT_APPLICABLE", answer.why)
            elif isinstance(call.action, Enable):
                self._enabled(call, call.action, answer, now)
            elif isinstance(call.action, Read):
                self._record.read_answered(call, answer, now)
            else:
                self._record.disable_answered(call, answer, now)
            self.condition.notify_all()
        self._deferred.flush()

    def snapshot(self) -> Snapshot:
        """Return the state at this moment."""
        with self.condition:
            now = self._monotonic.monotonic()
            lease = self._record.lease
            if lease is not None and lease.expires_at <= now:
                lease = None
            return Snapshot(
                policy=self.policy,
                session_ids=tuple(sorted({slot.session_id for slot in self._slots})),
                critical_sessions=len(live_slots(self._slots)),
                applicable=self._applicable,
                unprotectable=self._unprotectable,
                active=lease is not None,
                seconds_to_expiry=lease.expires_at - now if lease else None,
                lease_age_seconds=now - lease.since if lease else None,
                last_error=self._record.last_error,
                counters=self._record.counters,
            )

    # ------------------------------------------------------------ under the lock

    def _state(self, now: float) -> LeaseState:
        live = live_slots(self._slots)
        record = self._record
        return LeaseState(
            live=len(live),
            waiting=any(slot.state is SlotState.WAITING for slot in live),
            leaving=sum(slot.state is SlotState.LEAVING for slot in self._slots),
            horizon=max((slot.cap_at for slot in live), default=FOREVER),
            first_seconds=max(
                (slot.first_seconds for slot in live if slot.first_seconds is not None),
                default=None,
            ),
            lease=record.lease,
            on_until=record.on_until,
            retry_at=record.retry_at,
            enable_at=record.enable_at,
            disable_at=record.disable_at,
            read_back=record.read_back(now),
            unread=record.unread,
            applicable=self._applicable,
        )

    def _next_step(self) -> Call | Wait:
        now = self._monotonic.monotonic()
        self._lose_overstayed(now)
        action = decide(self.policy, self._state(now), now)
        while isinstance(action, Release):
            self._release_all(now)
            action = decide(self.policy, self._state(now), now)
        if isinstance(action, Wait):
            caps = [
                slot.cap_at - self.policy.release_at_seconds for slot in live_slots(self._slots)
            ]
            return Wait(min([action.until, *caps]))
        if isinstance(action, Disable):
            self._record.disabling(now)
        return Call(action, now)

    def _enabled(self, call: Call, action: Enable, answer: Answer, now: float) -> None:
        if isinstance(answer, Protected):
            self._lose_interrupted(now)
            self._record.granted(call, action, answer, now=now, wall_now=self._wall.now())
            self._unprotectable = False
            lease = self._record.lease
            if lease is not None and now < release_time(self.policy, lease):
                self._hold_waiting()
        elif isinstance(answer, Refused):
            if answer.reason == TASK_NOT_VALID and not self._record.ever_protected:
                self._not_applicable(answer.reason, "this task does not belong to an ECS service")
            else:
                self._refused(answer.reason, answer.detail)
        else:
            self._record.enable_failed(action, answer, now)

    def _lose_interrupted(self, now: float) -> None:
        """Lose the sessions whose lease ran out before its renewal was answered.

        The renewal may have landed after the end, so that their jobs were unprotected for a moment.
        """
        lease = self._record.lease
        if lease is not None and now >= lease.expires_at:
            self._release_all(now)

    def _refused(self, reason: str, detail: str | None) -> None:
        self._record.refused(reason, detail)
        for slot in live_slots(self._slots):
            slot.revoke(errors.refused(reason, detail))

    def _not_applicable(self, reason: str, why: str) -> None:
        """Do without protection, unless this task requires it: then no session may start."""
        if self._required:
            self._unprotectable = True
            self._refused(reason, why)
            return
        if self._applicable:
            self._deferred.info("protection.not_applicable", why=why)
        self._applicable = False
        self._record.off()
        self._hold_waiting()

    def _hold_waiting(self) -> None:
        for slot in self._slots:
            if slot.state is SlotState.WAITING:
                slot.state = SlotState.HELD

    def _release_all(self, now: float) -> None:
        lease = self._record.lease
        held = [slot for slot in self._slots if slot.state is SlotState.HELD]
        # A lease is not renewed in the last minute before the cap; that is not a failure.
        capped = [slot for slot in held if lease and lease.expires_at >= slot.cap_at - MINUTE]
        for slot in capped:
            self._overstay(slot)
        if len(capped) == len(held):
            self._record.lease = None
        else:
            error = errors.running_out(self._record.lost(now), self._record.last_error)
            for slot in held:
                if slot.state is SlotState.HELD:
                    slot.revoke(error)
        self.condition.notify_all()

    def _lose_overstayed(self, now: float) -> None:
        for slot in self._slots:
            if slot.live and now >= slot.cap_at - self.policy.release_at_seconds:
                self._overstay(slot)
                self.condition.notify_all()

    def _overstay(self, slot: Slot) -> None:
        slot.revoke(errors.overstayed(slot.session_id))
        self._deferred.error("protection.cap_reached", session_id=slot.session_id)
