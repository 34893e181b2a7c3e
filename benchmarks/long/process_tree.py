"""Samples the memory of a process and all that it has started, from `/proc`."""

import os
from collections import defaultdict
from pathlib import Path

from runtime.core.clock import WallClock
from runtime.core.periodic_thread import PeriodicThread

_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6
_EVERY_SECONDS = 0.25


class TreeMemory(PeriodicThread):
    """Inside its context: (time, megabytes) of a tree of processes, four times a second.

    The sum of resident sets: pages that processes share count for each of them.
    """

    def __init__(self, root: int, clock: WallClock) -> None:
        super().__init__("memory", every_seconds=_EVERY_SECONDS)
        self._root = root
        self._clock = clock
        self.samples: list[tuple[float, float]] = []

    def once(self) -> bool:
        """Take a sample."""
        self.samples.append((self._clock.now(), tree_mb(self._root)))
        return True

    def peak_mb(self, begin: float = 0.0, end: float = float("inf")) -> float:
        """Return the most that was held at once between two times."""
        return max((mb for at, mb in self.samples if begin <= at <= end), default=0.0)


def tree_mb(root: int) -> float:
    """Return the resident megabytes of a process and its descendants."""
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
    tree, found = [root], 0
    while tree:
        process = tree.pop()
        found += pages.get(process, 0)
        tree += children[process]
    return found * _PAGE_MB
