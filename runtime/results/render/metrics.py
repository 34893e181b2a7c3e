"""`metrics.json`: duration, memory and cost of one run; two runs write different ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.core.contract import Stage
from runtime.core.task_cost import TaskSize, cost_usd
from runtime.results.render.text import seconds

SCHEMA_VERSION = "1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryUse:
    """Megabytes that the processor held at its peak, at the end and after each stage."""

    peak_mb: int
    after_stage_mb: Mapping[Stage, int]


def metrics_document(
    *,
    job_id: str,
    attempt: int,
    media_seconds: float,
    wall_seconds: float,
    stage_seconds: Mapping[Stage, float],
    memory: MemoryUse,
    task_size: TaskSize,
) -> dict[str, Any]:
    """Return the document of one attempt, up to the moment it is written.

    `stage_seconds` holds the stages of this attempt; stages of earlier attempts are absent and cost
    nothing here. A stage's cost is its share of the attempt's.
    """
    total = cost_usd(wall_seconds, task_size)
    worked = sum(stage_seconds.values())
    return {
        "schema_version": SCHEMA_VERSION,
        "job_id": job_id,
        "attempt": attempt,
        "media_seconds": seconds(media_seconds),
        "wall_seconds": seconds(wall_seconds),
        "real_time_factor": _real_time_factor(wall_seconds, media_seconds),
        "peak_memory_mb": memory.peak_mb,
        "machine": {
            "vcpus": task_size.vcpus,
            "memory_mb": task_size.memory_mb,
            "architecture": task_size.architecture,
        },
        "cost_usd": _rounded(total),
        "price_basis": "Fargate on demand, Linux, us-east-1",
        "stages": [
            {
                "stage": str(stage),
                "seconds": seconds(stage_seconds[stage]),
                "real_time_factor": _real_time_factor(stage_seconds[stage], media_seconds),
                "peak_memory_mb": memory.after_stage_mb.get(stage),
                "cost_usd": _rounded(
                    total * stage_seconds[stage] / worked if total is not None and worked else total
                ),
            }
            for stage in Stage
            if stage in stage_seconds
        ],
    }


def _real_time_factor(spent_seconds: float, media_seconds: float) -> float | None:
    return round(spent_seconds / media_seconds, 4) if media_seconds else None


def _rounded(dollars: float | None) -> float | None:
    """Round to a millionth of a dollar."""
    return None if dollars is None else round(dollars, 6)
