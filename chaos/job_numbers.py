"""Which job a call is about, and how often each of its calls has been made."""

import threading
from collections import Counter
from collections.abc import Iterable

from chaos.call_names import SWEEP, CallName
from chaos.plan import Occurrence

SWEEPS = -1
"""The subject of calls about no single job that the reaper makes when it sweeps."""


class JobNumbers:
    """Numbers of jobs by each of their names. Thread-safe."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._counts: Counter[tuple[int, CallName]] = Counter()
        self._lock = threading.Lock()

    def register(self, number: int, *names: str) -> None:
        """Record names of a job: its key, its id, the ARN of one of its tasks."""
        with self._lock:
            for name in names:
                self._numbers[name] = number

    def number(self, names: Iterable[str], call: CallName) -> int | None:
        """Return the job that one of these names means, None if none is known."""
        return SWEEPS if call == SWEEP else self.known(names)

    def known(self, names: Iterable[str]) -> int | None:
        """Return the job that one of these names means, None if none is known."""
        with self._lock:
            return next((self._numbers[name] for name in names if name in self._numbers), None)

    def count(self, number: int, call: CallName) -> Occurrence:
        """Count a call and return which time it is."""
        with self._lock:
            self._counts[number, call] += 1
            return Occurrence(call, self._counts[number, call])
