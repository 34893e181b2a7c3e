"""Outages of whole services: one after another, each long enough to outlast every retry."""

from collections.abc import Callable
from dataclasses import dataclass

SERVICES = ("dynamodb", "s3", "ecs", "sqs")
FIRST_SECONDS = 20.0
"""By then a run has jobs in every state."""


@dataclass(slots=True, kw_only=True)
class Outages:
    """An outage of `seconds` for each service; `began` is the run's start on `now`'s clock."""

    seconds: float
    began: float
    now: Callable[[], float]

    def begin(self) -> None:
        """Count from now."""
        self.began = self.now()

    def has(self, service: str) -> bool:
        """Return whether a service is out at this moment."""
        if self.seconds <= 0 or service not in SERVICES:
            return False
        start = self.began + FIRST_SECONDS + SERVICES.index(service) * self.seconds * 1.5
        return start <= self.now() < start + self.seconds


def outage_run_seconds(seconds: float) -> float:
    """Return by how much outages of this length make a run longer."""
    return FIRST_SECONDS + len(SERVICES) * seconds * 1.5 if seconds > 0 else 0.0
