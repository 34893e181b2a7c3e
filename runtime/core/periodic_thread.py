"""A thread that runs one function periodically while a context lasts."""

import threading
from abc import ABC, abstractmethod
from typing import Self


class PeriodicThread(ABC):
    """Inside its context, `once` runs every `every_seconds` in a thread called `name`.

    The first run is one interval after the start. Leaving the context waits for a running `once`.
    """

    def __init__(self, name: str, *, every_seconds: float) -> None:
        self._every_seconds = every_seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._repeat, name=name, daemon=True)

    @abstractmethod
    def once(self) -> bool:
        """Run once; return whether to run again."""

    def died(self, error: Exception) -> None:
        """Handle an error of `once`, which ends the thread; raises it by default."""
        raise error

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the thread and wait for it."""
        self._over.set()
        self._thread.join()

    def _repeat(self) -> None:
        try:
            while not self._over.wait(self._every_seconds) and self.once():
                pass
        except Exception as error:  # noqa: BLE001 - the owner decides what any error means
            self.died(error)
