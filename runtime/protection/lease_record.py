"""What the answers so far prove about the lease, and when to call next."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from . import errors
from .answers import Answer, Failed, Protected, Unprotected
from .deferred_writes import DeferredWrites
from .errors import ProtectionDeniedError
from .lease import (
    FOREVER,
    NEVER,
    Disable,
    Enable,
    Lease,
    Read,
    lease_from,
)
from .policy import MINUTE, Policy
from .ports import ProtectionMetric
from .status import Counters

MAX_DOUBLINGS = 10

READ_LAG_SECONDS = 10.0
"""How old a grant must be for a read to be newer than it: ECS is eventually consistent."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call to ECS that is to be made now; `asked_at` is the monotonic time of the decision."""

    action: Enable | Disable | Read
    asked_at: float


class LeaseRecord:
    """Mutable state under the keeper's lock; `LeaseState` explains the times."""

    def __init__(
        self, *, policy: Policy, jitter: Callable[[], float], deferred: DeferredWrites
    ) -> None:
        self._policy = policy
        self._jitter = jitter
        self._deferred = deferred
        self._failures = 0
        self._late_until = NEVER
        self._late_seconds = FOREVER
        self._enable_settles_at = NEVER
        self._lost_disables = 0
        self._certain_until = NEVER
        self.unread = False
        self.lease: Lease | None = None
        self.on_until = NEVER
        self.retry_at = NEVER
        self.enable_at = NEVER
        self.disable_at = NEVER
        self.ever_protected = False
        self.last_error: str | None = None
        self.counters = Counters()
        self.permanent_error: ProtectionDeniedError | None = None
        """An error that a retry does not resolve; cleared by any success."""

    def reset_failures(self) -> None:
        """Forget past failures, because the wanted state has changed."""
        self.retry_at, self._failures, self.permanent_error = NEVER, 0, None

    def off(self) -> None:
        """Record that protection cannot be on."""
        self.lease, self.on_until = None, NEVER

    def granted(
        self, call: Call, action: Enable, answer: Protected, *, now: float, wall_now: float
    ) -> None:
        """Record a grant: a new lease or a renewal."""
        left = self.lease.expires_at - now if self.lease else None
        if self.lease is not None:
            self._deferred.count(
                {
                    ProtectionMetric.RENEWALS: 1,
                    ProtectionMetric.MARGIN_SECONDS: self.lease.expires_at - now,
                    ProtectionMetric.LEASE_AGE_SECONDS: now - self.lease.since,
                }
            )
        lease = lease_from(
            answer, asked_at=call.asked_at, minutes=action.minutes, wall_now=wall_now
        )
        if call.asked_at < self._late_until:
            # A shorter request whose answer was lost may still land after this one.
            lease = replace(
                lease, expires_at=min(lease.expires_at, call.asked_at + self._late_seconds)
            )
        self.lease = lease
        self.on_until = max(self.on_until, now + action.minutes * MINUTE)
        self.ever_protected = True
        self._succeeded()
        self.counters = self.counters.granted(left)
        self._deferred.info(
            "protection.enabled" if left is None else "protection.renewed",
            minutes=action.minutes,
            seconds_to_expiry=round(self.lease.expires_at - now, 1),
            seconds_left_at_renewal=None if left is None else round(left, 1),
        )

    def refused(self, reason: str, detail: str | None) -> None:
        """Record a refusal; the rest of a lease remains for checkpoints."""
        self.lease = None
        self.counters = self.counters.refused()
        self._deferred.count({ProtectionMetric.REFUSALS: 1})
        self.last_error = f"{reason}: {detail}"
        self._deferred.error("protection.refused", reason=reason, detail=detail)

    def enable_failed(self, action: Enable, answer: Answer, now: float) -> None:
        """Record a request to protect without a usable answer."""
        self._failed("enable", answer, now)
        if isinstance(answer, Failed) and answer.uncertain:
            settled = now + self._policy.settle_seconds
            seconds = action.minutes * MINUTE
            if now < self._late_until:
                seconds = min(seconds, self._late_seconds)
            self._late_until, self._late_seconds = settled, seconds
            self.on_until = max(self.on_until, settled + action.minutes * MINUTE)
            self._enable_settles_at = settled

    def disabling(self, now: float) -> None:
        """Record that protection may end from now on, so that no session joins this lease."""
        if now >= self.enable_at:
            self._lost_disables = 0
        if self.lease is not None:
            old_enough = now - self.lease.since >= READ_LAG_SECONDS
            self._certain_until = self.lease.expires_at if old_enough else NEVER
        self.lease = None

    def read_back(self, now: float) -> bool:
        """Return whether reading "off" would prove that the only lost disable has landed.

        Protection was certainly on when it was sent and would not have expired yet.
        """
        return self._lost_disables == 1 and now < min(self.enable_at, self._certain_until)

    def read_answered(self, call: Call, answer: Answer, now: float) -> None:
        """Record the answer to a read after a lost disable."""
        self.unread = False
        if isinstance(answer, Unprotected) and self.read_back(now):
            self._lost_disables = 0
            self.enable_at = NEVER
            self._disabled(call.asked_at)
        elif isinstance(answer, (Protected, Unprotected)):
            self.retry_at = now + self._policy.retry_base_seconds
        else:
            self._failed("read", answer, now)

    def disable_answered(self, call: Call, answer: Answer, now: float) -> None:
        """Record the answer to a request to stop protecting."""
        if isinstance(answer, Unprotected):
            self._certain_until = NEVER
            self._disabled(call.asked_at)
            return
        self._failed("disable", answer, now)
        if isinstance(answer, Failed) and answer.uncertain:
            # The disable could land after the next enable and undo it unnoticed.
            self.enable_at = now + self._policy.settle_seconds
            self._lost_disables += 1
            self.unread = True

    def _disabled(self, at: float) -> None:
        """Record that protection was off at `at` or later; the answer may have come much later."""
        if at < self._enable_settles_at:
            # An enable whose answer was lost may still land; then disable again.
            self.disable_at = self._enable_settles_at
        else:
            self.on_until = NEVER
        self._succeeded()
        self.counters = self.counters.released()
        self._deferred.info("protection.disabled")

    def lost(self, now: float) -> float:
        """Record a lease that could not be renewed; return the seconds left of it."""
        left = self.lease.expires_at - now if self.lease else 0.0
        self.lease = None
        self.counters = self.counters.lost_lease()
        self._deferred.count({ProtectionMetric.LEASES_LOST: 1})
        self._deferred.error(
            "protection.lost", seconds_to_expiry=round(left, 1), last_error=self.last_error
        )
        return left

    def _succeeded(self) -> None:
        self.reset_failures()
        self.last_error = None

    def _failed(self, doing: str, answer: Answer, now: float) -> None:
        if isinstance(answer, Failed) and answer.permanent:
            self.permanent_error = errors.denied(answer)
        pause = min(
            self._policy.retry_max_seconds, self._policy.retry_base_seconds * 2.0**self._failures
        )
        # Up to half of the pause is random, so that tasks do not retry in step.
        self.retry_at = now + pause * (1 - self._jitter() / 2)
        self._failures = min(self._failures + 1, MAX_DOUBLINGS)
        self.last_error = str(answer)
        self.counters = self.counters.failed()
        self._deferred.count({ProtectionMetric.FAILURES: 1})
        self._deferred.warning(
            "protection.call_failed",
            call=doing,
            error=str(answer),
            retry_in_seconds=round(self.retry_at - now, 2),
        )
