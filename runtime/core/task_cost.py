"""The size of an ECS task and its list price on Fargate."""

import platform
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars an hour for Fargate on Linux."""

    vcpu_hour: float
    gigabyte_hour: float


PRICES = {"x86_64": Price(0.04048, 0.004445), "arm64": Price(0.03238, 0.00356)}
"""On demand in us-east-1, as listed in 2025 (aws.amazon.com/fargate/pricing); Spot costs less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSize:
    """A task's vCPUs and memory, None where they are unknown (outside ECS).

    `fargate` is False on instances, which have no price by task.
    """

    vcpus: float | None = None
    memory_mb: float | None = None
    architecture: str = platform.machine()
    fargate: bool = True


UNKNOWN_TASK_SIZE = TaskSize()


def cost_usd(wall_seconds: float, size: TaskSize) -> float | None:
    """Return the list price of running a task for so long, None where it is unknown."""
    if size.vcpus is None or size.memory_mb is None or not size.fargate:
        return None
    price = PRICES["arm64" if size.architecture in {"arm64", "aarch64"} else "x86_64"]
    hourly = size.vcpus * price.vcpu_hour + size.memory_mb / 1024 * price.gigabyte_hour
    return wall_seconds / 3600 * hourly
