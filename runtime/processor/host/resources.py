"""Cores and memory of this machine or container, and the memory this process has used."""

import os
import resource
import sys
from dataclasses import dataclass
from pathlib import Path

_MEMORY_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """The cores and memory available to a job."""

    cores: int
    memory_mb: int


def machine_capacity() -> Capacity:
    """Return the cores this process may use and the memory its container may."""
    return Capacity(cores=_cores(), memory_mb=round(_memory_bytes() / 1e6))


def threads_for(cores: int) -> int:
    """Return the threads of each model: half the cores, as two models run side by side.

    Transcription beside diarization, each on half the cores, is faster than one after the other on
    all of them (`benchmarks/pipeline.py`). The number never depends on what else is to run, because
    results must not.
    """
    return max(1, cores // 2)


def peak_rss_mb() -> int:
    """Return the peak memory of this process, in megabytes."""
    # Not of children: the kernel counts what the parent held when it started them as theirs.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts kilobytes, macOS bytes.
    return round(peak / 1e6 if sys.platform == "darwin" else peak / 1e3)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory_bytes() -> int:
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = (path.read_text().strip() for path in _MEMORY_LIMITS if path.is_file())
    return min([physical, *(int(limit) for limit in limits if limit.isdigit())])
