"""`metrics.json`: what this run took, for people who pay for it. Two runs write different ones."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.core.contract import Stage
from runtime.results.render.text import seconds

SCHEMA_VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars an hour for Fargate on Linux."""

    vcpu_hour: float
    gigabyte_hour: float


PRICES = {"x86_64": Price(0.04048, 0.004445), "arm64": Price(0.03238, 0.00356)}
"""On demand in us-east-1, as listed in 2025 (aws.amazon.com/fargate/pricing); Spot costs less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the task was given, None where nobody says so (outside ECS).

    `fargate` tells whether that is what is paid for; on a machine of one's own it is not.
    """

    vcpus: float | None = None
    memory_mb: float | None = None
    architecture: str = platform.machine()
    fargate: bool = True


UNKNOWN_MACHINE = Machine()


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Megabytes that the processor had held at most in the end, and when each stage ended."""

    peak_mb: int
    after_stage_mb: Mapping[Stage, int]


def metrics_document(
    *,
    job_id: str,
    attempt: int,
    media_seconds: float,
    wall_seconds: float,
    stage_seconds: Mapping[Stage, float],
    memory: Memory,
    machine: Machine,
) -> dict[str, Any]:
    """Return the document of one attempt, up to the moment it is written.

    `stage_seconds` holds the stages this attempt ran; what an earlier one had done is not there and
    costs nothing here. A stage's cost is its share of the attempt's.
    """
    total = cost_usd(wall_seconds, machine)
    worked = sum(stage_seconds.values())
    return {
        "schema_version": SCHEMA_VERSION,
        "job_id": job_id,
        "attempt": attempt,
        "media_seconds": seconds(media_seconds),
        "wall_seconds": seconds(wall_seconds),
        "real_time_factor": round(wall_seconds / media_seconds, 4) if media_seconds else None,
        "peak_memory_mb": memory.peak_mb,
        "machine": {
            "vcpus": machine.vcpus,
            "memory_mb": machine.memory_mb,
            "architecture": machine.architecture,
        },
        "cost_usd": rounded(total),
        "price_basis": "Fargate on demand, Linux, us-east-1",
        "stages": [
            {
                "stage": str(stage),
                "seconds": seconds(stage_seconds[stage]),
                "real_time_factor": (
                    round(stage_seconds[stage] / media_seconds, 4) if media_seconds else None
                ),
                "peak_memory_mb": memory.after_stage_mb.get(stage),
                "cost_usd": rounded(
                    total * stage_seconds[stage] / worked if total is not None and worked else total
                ),
            }
            for stage in Stage
            if stage in stage_seconds
        ],
    }


def cost_usd(wall_seconds: float, machine: Machine) -> float | None:
    """Return what so long a use of the machine is listed at; None where that is not known."""
    price = PRICES["arm64" if machine.architecture in {"arm64", "aarch64"} else "x86_64"]
    if machine.vcpus is None or machine.memory_mb is None or not machine.fargate:
        return None
    hourly = machine.vcpus * price.vcpu_hour + machine.memory_mb / 1024 * price.gigabyte_hour
    return wall_seconds / 3600 * hourly


def rounded(dollars: float | None) -> float | None:
    """Return an amount to a millionth of a dollar."""
    return None if dollars is None else round(dollars, 6)
