"""What the answers so far prove about the lease: what is certain, what may be, when to ask."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from runtime.core.contract import Metric
from runtime.core.errors import Permanent
from runtime.core.protection import Answer, Failed, Protected, Unprotected
from runtime.protection import slots as seating
from runtime.protection.deferred_writes import DeferredWrites
from runtime.protection.lease import FOREVER, NEVER, Disable, Enable, Lease, lease_from
from runtime.protection.policy import MINUTE, Policy
from runtime.protection.status import Counters

MAX_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class Call:
    """A call to ECS that is to be made now; `asked_at` is the monotonic time of the decision."""

    action: Enable | Disable
    asked_at: float


class LeaseRecord:
    """Mutable record under the keeper's lock; see `LeaseState` for what the times mean."""

    def __init__(
        self, *, policy: Policy, jitter: Callable[[], float], outbox: DeferredWrites
    ) -> None:
        """Start with nothing known to be on: protection is never on at start-up."""
        self._policy = policy
        self._jitter = jitter
        self._outbox = outbox
        self._failures = 0
        self._late_until = NEVER
        self._late_seconds = FOREVER
        self.lease: Lease | None = None
        self.on_until = NEVER
        self.retry_at = NEVER
        self.enable_at = NEVER
        self.disable_at = NEVER
        self.ever_protected = False
        self.last_error: str | None = None
        self.counters = Counters()
        self.hopeless: Permanent | None = None
        """Set while ECS answers that asking again is useless; cleared by any success."""

    def turn(self) -> None:
        """Forget failures: what is wanted has changed, and old troubles say nothing about it."""
        self.retry_at, self._failures, self.hopeless = NEVER, 0, None

    def off(self) -> None:
        """Note that nothing can be on."""
        self.lease, self.on_until = None, NEVER

    def granted(
        self, call: Call, action: Enable, answer: Protected, *, now: float, wall_now: float
    ) -> None:
        """Note a grant: a new lease or a longer one."""
        left = self.lease.expires_at - now if self.lease else None
        if self.lease is not None:
            self._outbox.count(
                {
                    Metric.PROTECTION_RENEWALS: 1,
                    Metric.PROTECTION_MARGIN_SECONDS: self.lease.expires_at - now,
                    Metric.PROTECTION_LEASE_AGE_SECONDS: now - self.lease.since,
                }
            )
        lease = lease_from(
            answer, asked_at=call.asked_at, minutes=action.minutes, wall_now=wall_now
        )
        if call.asked_at < self._late_until:
            # A request for less, whose answer was lost, may yet land after this one.
            lease = replace(
                lease, expires_at=min(lease.expires_at, call.asked_at + self._late_seconds)
            )
        self.lease = lease
        self.on_until = max(self.on_until, now + action.minutes * MINUTE)
        self.ever_protected = True
        self._succeeded()
        self.counters = self.counters.granted(left)
        self._outbox.info(
            "protection.enabled" if left is None else "protection.renewed",
            minutes=action.minutes,
            seconds_to_expiry=round(self.lease.expires_at - now, 1),
            seconds_left_at_renewal=None if left is None else round(left, 1),
        )

    def refused(self, reason: str, detail: str | None) -> None:
        """Note a refusal: nothing was changed, and what is left of a lease is for leaving."""
        self.lease = None
        self.counters = self.counters.refused()
        self._outbox.count({Metric.PROTECTION_REFUSALS: 1})
        self.last_error = f"{reason}: {detail}"
        self._outbox.error("protection.refused", reason=reason, detail=detail)

    def enable_failed(self, action: Enable, answer: Answer, now: float) -> None:
        """Note that a request to protect got no usable answer."""
        self._failed("enable", answer, now)
        if isinstance(answer, Failed) and answer.uncertain:
            settled = now + self._policy.settle_seconds
            seconds = action.minutes * MINUTE
            if now < self._late_until:
                seconds = min(seconds, self._late_seconds)
            self._late_until, self._late_seconds = settled, seconds
            self.on_until = max(self.on_until, settled + action.minutes * MINUTE)
            self.disable_at = settled

    def disable_answered(self, answer: Answer, now: float) -> None:
        """Note what came of a request to stop protecting."""
        if isinstance(answer, Unprotected):
            self.on_until = NEVER
            self._succeeded()
            self.counters = self.counters.released()
            self._outbox.info("protection.disabled")
            return
        self._failed("disable", answer, now)
        if isinstance(answer, Failed) and answer.uncertain:
            # A late "off" that lands after the next "on" would undo it unseen.
            self.enable_at = now + self._policy.settle_seconds

    def surrendered(self, now: float) -> float:
        """Give the lease up as not renewable; return the seconds that are left of it."""
        left = self.lease.expires_at - now if self.lease else 0.0
        self.lease = None
        self.counters = self.counters.lost_lease()
        self._outbox.count({Metric.PROTECTION_LEASES_LOST: 1})
        self._outbox.error(
            "protection.lost", seconds_to_expiry=round(left, 1), last_error=self.last_error
        )
        return left

    def _succeeded(self) -> None:
        self.turn()
        self.last_error = None

    def _failed(self, doing: str, answer: Answer, now: float) -> None:
        if isinstance(answer, Failed) and answer.permanent:
            self.hopeless = seating.denied(answer)
        pause = min(
            self._policy.retry_max_seconds, self._policy.retry_base_seconds * 2.0**self._failures
        )
        # Up to half of the pause is random, so that tasks that failed together part again.
        self.retry_at = now + pause * (1 - self._jitter() / 2)
        self._failures = min(self._failures + 1, MAX_DOUBLINGS)
        self.last_error = str(answer)
        self.counters = self.counters.failed()
        self._outbox.count({Metric.PROTECTION_FAILURES: 1})
        self._outbox.warning(
            "protection.call_failed",
            call=doing,
            error=str(answer),
            retry_in_seconds=round(self.retry_at - now, 2),
        )
