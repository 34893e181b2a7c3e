"""What ECS answers about the scale-in protection of this task, and the port to ask it by."""

from dataclasses import dataclass
from typing import Protocol

TASK_NOT_VALID = "TASK_NOT_VALID"
"""Reason of the refusal that a task outside a service gets."""

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
"""Error codes of GetTaskProtection and UpdateTaskProtection that trying again does not heal."""

MIN_MINUTES, MAX_MINUTES = 1, 2880
"""What ECS accepts as `expiresInMinutes`."""


@dataclass(frozen=True, slots=True)
class Protected:
    """Protection is on. `expires_at` is in seconds since the epoch by ECS's clock.

    `server_now` is the time at which the answer was made by the answerer's clock (its Date
    header, whole seconds), so that the length of the lease can be known without trusting ours.
    """

    expires_at: float
    server_now: float | None


@dataclass(frozen=True, slots=True)
class Unprotected:
    """Protection is off."""


@dataclass(frozen=True, slots=True)
class Refused:
    """ECS understood and said no: a 200 with a `failure`. Nothing was changed."""

    reason: str
    detail: str | None


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """There is nothing to be protected from here: not in ECS, or switched off."""

    why: str


@dataclass(frozen=True, slots=True)
class Failed:
    """No usable answer. `uncertain` means that the request may still have been carried out."""

    code: str
    message: str
    uncertain: bool
    permanent: bool = False


Answer = Protected | Unprotected | Refused | NotApplicable | Failed


class ProtectionClient(Protocol):
    """Scale-in protection of the task this process runs in. Never raises; every call is bounded."""

    def enable(self, minutes: int) -> Answer:
        """Protect for so many whole minutes from now; never `Unprotected`."""
        ...

    def disable(self) -> Answer:
        """Stop protecting; never `Protected`."""
        ...

    def read(self) -> Answer:
        """Return the protection as it stands."""
        ...
