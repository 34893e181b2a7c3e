"""When to request how much protection: numbers that are refused if they leave a gap."""

import math
from dataclasses import dataclass

from .answers import MAX_MINUTES
from .errors import ProtectionSettingError

MINUTE = 60.0
HOUR = 3600.0
GAP_FREE_MAX_LEASE_SECONDS = 60 * MINUTE
"""The longest time for which a hung process may hold its task."""

REACTION_SECONDS = 15.0
"""The longest time from the end of an outage to a renewed lease: a hanging call (7 s), the longest
pause (4 s) and the next call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a lease is kept; all in seconds. A gap raises `ProtectionSettingError`.

    check_interval_seconds: the longest time between checks of a held lease.
    buffer_seconds: with this much left, the lease is renewed at the next check.
    renew_at_seconds: with this much left, the lease is due for renewal (at least the buffer).
    lease_seconds, renewal_seconds: the first request, and each renewal.
    release_at_seconds: with this much left, jobs are revoked, so that they checkpoint while still
        protected.
    max_lease_seconds: the longest single request.
    cap_margin_seconds: how long a job may be protected beyond its own deadline.
    retry_base_seconds, retry_max_seconds: the first and the longest pause after failed calls.
    settle_seconds: how long a call whose answer was lost may still take effect: TCP repeats an
        unanswered request for a minute, also after its sender gave up.
    """

    name: str
    check_interval_seconds: float
    buffer_seconds: float
    renew_at_seconds: float
    lease_seconds: float
    renewal_seconds: float
    max_lease_seconds: float
    release_at_seconds: float = 45.0
    cap_margin_seconds: float = 10 * MINUTE
    retry_base_seconds: float = 1.0
    retry_max_seconds: float = 4.0
    settle_seconds: float = 65.0

    def __post_init__(self) -> None:
        """Refuse numbers under which a job could be without protection."""
        margin = self.gap_safety_margin_seconds
        longest = max(self.lease_seconds, self.renewal_seconds)
        shortest = min(self.lease_seconds, self.renewal_seconds)
        left = self.release_at_seconds
        wrong = []
        if min(self.check_interval_seconds, left, shortest) <= 0:
            wrong.append("check interval, release and lease must all be positive")
        if margin <= 0:
            wrong.append(
                f"the gap safety margin is buffer {self.buffer_seconds:g} s - check interval "
                f"{self.check_interval_seconds:g} s = {margin:g} s, and must be above 0"
            )
        elif left >= margin:
            wrong.append(
                f"release at {left:g} s left must come after the last check that could still "
                f"renew, so be below the gap safety margin of {margin:g} s"
            )
        if self.renew_at_seconds < self.buffer_seconds:
            wrong.append(
                f"renewal at {self.renew_at_seconds:g} s left must not be later than the buffer "
                f"of {self.buffer_seconds:g} s"
            )
        if max(self.renew_at_seconds, self.check_interval_seconds + left) > shortest:
            wrong.append(
                f"a lease of {shortest:g} s is too short for a renewal at "
                f"{self.renew_at_seconds:g} s left with a check every "
                f"{self.check_interval_seconds:g} s"
            )
        if longest > self.max_lease_seconds:
            wrong.append(
                f"a single lease of {longest:g} s exceeds the limit of {self.max_lease_seconds:g} s"
            )
        if self.max_lease_seconds > MAX_MINUTES * MINUTE:
            wrong.append(f"ECS protects for at most {MAX_MINUTES} minutes at a time")
        if wrong:
            raise ProtectionSettingError(
                "protection.policy_has_a_gap",
                f"The protection policy {self.name!r} cannot keep a job protected: "
                f"{'; '.join(wrong)}.",
                "Change the check interval, extension or buffer it is made with.",
            )

    @property
    def gap_safety_margin_seconds(self) -> float:
        """How late a check may be without a gap: buffer - check interval."""
        return self.buffer_seconds - self.check_interval_seconds

    @property
    def promised_outage_seconds(self) -> float:
        """How long ECS may be unreachable, from the worst moment, without losing a lease."""
        left_when_due = min(
            self.renew_at_seconds, self.renewal_seconds - self.check_interval_seconds
        )
        return left_when_due - self.release_at_seconds - REACTION_SECONDS

    @property
    def joinable_seconds(self) -> float:
        """How much of a lease must be left for another session to join it without a call."""
        return self.release_at_seconds + REACTION_SECONDS


def gap_free(
    *,
    check_interval_seconds: float = 60.0,
    extension_seconds: float = 300.0,
    buffer_seconds: float = 120.0,
    classic: bool = False,
) -> Policy:
    """Return the policy of short leases: extension + buffer, 420 s by default.

    Renews with `extension_seconds` left, which tolerates an outage of four minutes; `classic` with
    `buffer_seconds` left.
    """
    lease = extension_seconds + buffer_seconds
    return Policy(
        name="classic" if classic else "gap-free",
        check_interval_seconds=check_interval_seconds,
        buffer_seconds=buffer_seconds,
        renew_at_seconds=buffer_seconds if classic else extension_seconds,
        lease_seconds=lease,
        renewal_seconds=lease,
        max_lease_seconds=GAP_FREE_MAX_LEASE_SECONDS,
    )


def service(*, light: bool = False) -> Policy:
    """Return the policy of long leases: 2 h at the start (1 h for light jobs), then 1 h.

    Checked every 30 min; a renewal never shortens the first lease.
    """
    return Policy(
        name="service-light" if light else "service",
        check_interval_seconds=30 * MINUTE,
        buffer_seconds=HOUR,
        renew_at_seconds=HOUR,
        lease_seconds=HOUR if light else 2 * HOUR,
        renewal_seconds=HOUR,
        max_lease_seconds=2 * HOUR,
    )


def whole_minutes(seconds: float) -> int:
    """Return the whole minutes that cover `seconds`, at least 1."""
    return max(1, math.ceil(seconds / MINUTE))
