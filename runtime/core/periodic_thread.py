"""A thread that does one thing every so often for as long as a context lasts."""

import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class PeriodicThread(ABC):
    """Inside its context, `once` runs every `every_seconds` in a thread called `name`.

    The first time is one interval after the beginning. When the context is left, nothing that
    `once` does is under way any more.
    """

    def __init__(self, name: str, *, every_seconds: float) -> None:
        """Prepare; nothing happens before the context is entered."""
        self._every_seconds = every_seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._repeat, name=name, daemon=True)

    @abstractmethod
    def once(self) -> bool:
        """Do it once and return whether there is any use in going on."""

    def died(self, error: Exception) -> None:
        """Take note that `once` raised, so that it is never done again; raises it by default."""
        raise error

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End, and wait for what is under way."""
        self._over.set()
        self._thread.join()

    def _repeat(self) -> None:
        try:
            while not self._over.wait(self._every_seconds) and self.once():
                pass
        except Exception as error:  # noqa: BLE001 - whatever it is, its owner has to know
            self.died(error)
