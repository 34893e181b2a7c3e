"""What the protection is doing, as frozen values for health and logs."""

from dataclasses import dataclass, replace
from typing import Any

from runtime.protection.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """Counts since the process started. `seconds_left_at_renewal` is None before the first."""

    calls: int = 0
    grants: int = 0
    renewals: int = 0
    releases: int = 0
    refusals: int = 0
    failures: int = 0
    lost: int = 0
    seconds_left_at_renewal: float | None = None
    least_seconds_left_at_renewal: float | None = None

    def granted(self, left: float | None) -> "Counters":
        """Count a grant; `left` is what the lease it renews still had, None if there was none."""
        if left is None:
            return replace(self, calls=self.calls + 1, grants=self.grants + 1)
        least = self.least_seconds_left_at_renewal
        return replace(
            self,
            calls=self.calls + 1,
            renewals=self.renewals + 1,
            seconds_left_at_renewal=left,
            least_seconds_left_at_renewal=left if least is None else min(least, left),
        )

    def released(self) -> "Counters":
        """Count protection taken off."""
        return replace(self, calls=self.calls + 1, releases=self.releases + 1)

    def refused(self) -> "Counters":
        """Count a refusal."""
        return replace(self, calls=self.calls + 1, refusals=self.refusals + 1)

    def failed(self) -> "Counters":
        """Count a call without a usable answer."""
        return replace(self, calls=self.calls + 1, failures=self.failures + 1)

    def lost_lease(self) -> "Counters":
        """Count a lease that could not be renewed in time."""
        return replace(self, lost=self.lost + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The lease at one moment, as its keeper knows it. Ages and times left are in seconds."""

    policy: Policy
    session_ids: tuple[str, ...]
    critical_sessions: int
    applicable: bool
    active: bool
    seconds_to_expiry: float | None
    lease_age_seconds: float | None
    last_error: str | None
    counters: Counters


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The whole of it. `monitoring` is whether the renewal thread lives."""

    lease: Snapshot
    ecs_deployment: bool
    monitoring: bool
    open_session_ids: tuple[str, ...]

    @property
    def healthy(self) -> bool:
        """Whether this process may go on: a dead renewal thread is the one thing that forbids it.

        Long protection, a refusal or an unreachable API are no reason to have ECS replace the
        task: that would kill the very job that is to be kept.
        """
        return self.monitoring

    def as_health(self) -> dict[str, Any]:
        """Return what `GET /health` shows; keys are a contract."""
        lease, policy = self.lease, self.lease.policy
        left = lease.seconds_to_expiry
        return {
            "ecsDeployment": self.ecs_deployment,
            "activeJobs": lease.critical_sessions,
            "taskProtectionActive": lease.active,
            "taskProtectionMonitoring": self.monitoring,
            "taskProtection": {
                "applicable": lease.applicable,
                "policy": policy.name,
                "sessions": len(self.open_session_ids),
                "sessionIds": list(self.open_session_ids),
                "criticalSessionIds": list(lease.session_ids),
                "secondsToExpiry": None if left is None else round(left, 1),
                "gapSafetyMarginSeconds": policy.gap_safety_margin_seconds,
                "safe": self.safe,
                "lastError": lease.last_error,
            },
        }

    @property
    def safe(self) -> bool:
        """Whether no job is at risk: none is critical, none can be, or the lease has margin."""
        lease = self.lease
        if not lease.applicable or lease.critical_sessions == 0:
            return True
        left = lease.seconds_to_expiry
        return self.monitoring and left is not None and left > lease.policy.surrender_at_seconds
