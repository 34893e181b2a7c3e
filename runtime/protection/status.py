"""The state of protection as frozen values, for health checks and logs."""

from dataclasses import dataclass, replace
from typing import Any

from .policy import Policy


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
        """Count a grant; `left` is the time left of the renewed lease, None for a first one."""
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
        """Count a disable."""
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
    """The lease at one moment; ages and times left in seconds."""

    policy: Policy
    session_ids: tuple[str, ...]
    critical_sessions: int
    applicable: bool
    unprotectable: bool
    active: bool
    seconds_to_expiry: float | None
    lease_age_seconds: float | None
    last_error: str | None
    counters: Counters


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The lease and its manager; `monitoring`: whether the renewal thread is alive."""

    lease: Snapshot
    ecs_deployment: bool
    monitoring: bool
    open_session_ids: tuple[str, ...]

    @property
    def healthy(self) -> bool:
        """Whether the renewal thread is alive, and a task that needs protection can have it.

        Any other refusal or an unreachable API is not unhealthy: ECS would replace the task and so
        kill the job that is to be protected.
        """
        return self.monitoring and not self.lease.unprotectable

    def as_health(self) -> dict[str, Any]:
        """Return the content of `GET /health`, whose keys are a contract."""
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
        """Whether no job is at risk: none is critical, or the lease has margin."""
        lease = self.lease
        if not lease.applicable or lease.critical_sessions == 0:
            return True
        left = lease.seconds_to_expiry
        return self.monitoring and left is not None and left > lease.policy.release_at_seconds
