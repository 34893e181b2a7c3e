"""Threads beside the routes that repeat one step until the service stops."""

import threading
from collections.abc import Callable

from runtime.core.errors import LifestreamError
from runtime.core.log import Log


class RepeatingThreads:
    """`count` daemon threads; an error in `step` is logged as the action `failed`, then `pause`."""

    def __init__(
        self,
        step: Callable[[], object],
        *,
        name: str,
        count: int,
        failed: str,
        pause: Callable[[], object],
        log: Log,
    ) -> None:
        self._step = step
        self._failed = failed
        self._pause = pause
        self._log = log
        self.stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name=f"{name}-{number}", daemon=True)
            for number in range(count)
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def join(self, seconds: float) -> None:
        """Wait for the present step of each thread, at most so long for each."""
        for thread in self._threads:
            if thread.is_alive():
                thread.join(seconds)

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                self._step()
            except LifestreamError as error:
                self._log.warning(self._failed, code=error.code, error=error.summary)
                self._pause()
            except Exception as error:  # noqa: BLE001 - one message must not end the thread
                self._log.error(self._failed, code="internal", error=repr(error))
                self._pause()
