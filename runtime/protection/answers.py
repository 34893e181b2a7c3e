"""ECS's answers about this task's scale-in protection, and the port that returns them."""

from dataclasses import dataclass
from typing import Protocol

TASK_NOT_VALID = "TASK_NOT_VALID"
"""The failure reason for a task that belongs to no service."""

PERMANENT_CODES = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "ClientException",
        "ClusterNotFoundException",
        "InvalidParameterException",
        "ResourceNotFoundException",
        "UnrecognizedClientException",
        "UnsupportedFeatureException",
        "ValidationException",
    }
)
"""Error codes of GetTaskProtection and UpdateTaskProtection that a retry does not resolve."""

MIN_MINUTES, MAX_MINUTES = 1, 2880
"""The range of `expiresInMinutes`."""


@dataclass(frozen=True, slots=True)
class Protected:
    """Protection is on. `expires_at` is in seconds since the epoch by ECS's clock.

    `server_now` is the answer's Date header (whole seconds), so that the lease's length does not
    depend on this machine's clock.
    """

    expires_at: float
    server_now: float | None


@dataclass(frozen=True, slots=True)
class Unprotected:
    """Protection is off."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A 200 with a `failure`: ECS refused and changed nothing."""

    reason: str
    detail: str | None


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """This process cannot be protected: it is not in ECS, or protection is switched off."""

    why: str


@dataclass(frozen=True, slots=True)
class Failed:
    """No usable answer. `uncertain`: the request may have taken effect, or may yet."""

    code: str
    message: str
    uncertain: bool
    permanent: bool = False


Answer = Protected | Unprotected | Refused | NotApplicable | Failed


class ProtectionClient(Protocol):
    """Scale-in protection of this task. Never raises; every call is bounded."""

    def enable(self, minutes: int) -> Answer:
        """Protect for whole minutes from now; never returns `Unprotected`."""

    def disable(self) -> Answer:
        """Stop protecting; never returns `Protected`."""

    def read(self) -> Answer:
        """Return the current protection."""
