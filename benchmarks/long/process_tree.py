"""Samples the memory of a process and all that it has started, from `/proc`."""

import os
from collections import defaultdict
from pathlib import Path

from runtime.core.clock import WallClock
from runtime.core.periodic_thread import PeriodicThread

_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6
_EVERY_SECONDS = 0.25


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
                # The name, in brackets, may hold blanks; the parent is the second field after it.
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
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
