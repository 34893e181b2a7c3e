"""Time and memory of processes: of this one, of its children, and of others from `/proc`."""

import json
import os
import subprocess
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any

from runtime.core.clock import SystemClock, WallClock
from runtime.core.periodic_thread import PeriodicThread

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_PAGE_MB = _PAGE_BYTES / 1e6
_EVERY_SECONDS = 0.25


def cpu_seconds(whose: int = RUSAGE_SELF) -> float:
    """Return the processor time of this process with its threads, or of its children that ended."""
    usage = getrusage(whose)
    return usage.ru_utime + usage.ru_stime


def cpu_seconds_of(pid: int) -> float:
    """Return the processor time of a process so far (proc(5): utime and stime)."""
    fields = stat_fields(Path(f"/proc/{pid}"))
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process in MiB."""
    return int(stat_fields(Path(f"/proc/{pid}"))[21]) * _PAGE_BYTES / (1 << 20)


def stat_fields(process: Path) -> list[str]:
    """Return the fields of proc(5) after a process's name, which may hold blanks, in brackets."""
    return (process / "stat").read_text().rpartition(")")[2].split()


def timed_run(command: Sequence[str], **options: Any) -> tuple[float, float]:
    """Run a command; return its seconds and those of processors; raise `CalledProcessError`."""
    used, began = cpu_seconds(RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, **options)
    return time.perf_counter() - began, cpu_seconds(RUSAGE_CHILDREN) - used


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """What a process printed as JSON in its last line, what it took, and its memory over time."""

    found: Any
    started_at: float
    wall_seconds: float
    cpu_seconds: float
    memory: "TreeMemory"

    @property
    def figures(self) -> dict[str, float]:
        """What it took, as benchmarks print it."""
        return {
            "wall_seconds": round(self.wall_seconds, 1),
            "cpu_seconds": round(self.cpu_seconds, 1),
            "peak_rss_mb": round(self.memory.peak_mb()),
        }


def run_python(python: Path, script: Path, *arguments: object) -> Child:
    """Run a script that ends with a line of JSON; raise `SystemExit` where it fails."""
    clock = SystemClock()
    used, began, started_at = cpu_seconds(RUSAGE_CHILDREN), time.perf_counter(), clock.now()
    process = subprocess.Popen(
        [python, "-W", "ignore", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with TreeMemory(process.pid, clock) as memory:
        said, complaints = process.communicate()
    if process.returncode:
        raise SystemExit(f"{script.name} ended with {process.returncode}: {complaints[-2000:]}")
    return Child(
        found=json.loads(said.splitlines()[-1]),
        started_at=started_at,
        wall_seconds=time.perf_counter() - began,
        cpu_seconds=cpu_seconds(RUSAGE_CHILDREN) - used,
        memory=memory,
    )


class TreeMemory(PeriodicThread):
    """Inside its context: memory of a tree of processes, four times a second.

    `samples` are (time, megabytes, megabytes): the sum of resident sets, in which pages that
    processes share count for each of them, and the sum of proportional sets, in which they count
    once.
    """

    def __init__(self, root: int, clock: WallClock) -> None:
        super().__init__("memory", every_seconds=_EVERY_SECONDS)
        self._root = root
        self._clock = clock
        self.samples: list[tuple[float, float, float]] = []

    def once(self) -> bool:
        """Take a sample."""
        self.samples.append((self._clock.now(), *tree_mb(self._root)))
        return True

    def peak_mb(self, begin: float = 0.0, end: float = float("inf")) -> float:
        """Return the most that was held at once between two times."""
        return max((mb for at, mb, _ in self.samples if begin <= at <= end), default=0.0)


def tree_mb(root: int) -> tuple[float, float]:
    """Return the resident and the proportional megabytes of a process and its descendants."""
    children, pages = defaultdict(list), {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = stat_fields(folder)
            except OSError:
                continue
            children[int(fields[1])].append(int(folder.name))
            pages[int(folder.name)] = int(fields[21])
    tree, resident, proportional = [root], 0, 0.0
    while tree:
        process = tree.pop()
        resident += pages.get(process, 0)
        proportional += _proportional_mb(process)
        tree += children[process]
    return resident * _PAGE_MB, proportional


def _proportional_mb(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line[:4] == "Pss:"), 0.0)
