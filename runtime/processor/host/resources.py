"""What this machine, or the container in it, has for a job: cores and memory."""

import os
from pathlib import Path

from runtime.processor.pipeline.graph import Capacity

_MEMORY_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def machine_capacity() -> Capacity:
    """Return the processors this process may use, and the memory its container may."""
    return Capacity(cores=_cores(), memory_mb=round(_memory_bytes() / 1e6))


def threads_for(cores: int) -> int:
    """Return with how many threads each model computes: half the cores, for the two of them.

    Recognising words beside telling speakers apart, each on half the cores, is faster than one
    after the other on all of them (`benchmarks/pipeline.py`). The same whatever else is to do, as
    results must not depend on that.
    """
    return max(1, cores // 2)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory_bytes() -> int:
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    said = (path.read_text().strip() for path in _MEMORY_LIMITS if path.is_file())
    return min([physical, *(int(limit) for limit in said if limit.isdigit())])
