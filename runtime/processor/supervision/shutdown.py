"""Turns SIGTERM and SIGINT into a requested stop, and the time by which a job must checkpoint."""

import math
import os
import queue
import signal
import threading
from collections.abc import Callable
from types import FrameType

from runtime.core.clock import MonotonicClock
from runtime.core.errors import Permanent
from runtime.core.log import Log

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Shutdown:
    """Acts on the first stop signal; later ones change nothing.

    `stop_timeout_seconds` is ECS's `stopTimeout`, `margin_seconds` the part of it that checkpoint
    and requeue need.

    The handler only puts the signal into a `SimpleQueue`, whose `put` is reentrant. `Event.set` is
    not: a second signal inside it would wait for its own lock for ever. A watcher thread takes the
    signal from the queue, sets the deadline and then the event.
    """

    def __init__(
        self,
        *,
        clock: MonotonicClock,
        log: Log,
        stop_timeout_seconds: float,
        margin_seconds: float,
    ) -> None:
        if not 0 < margin_seconds < stop_timeout_seconds:
            raise Permanent(
                "protection.stop_margin",
                f"A margin of {margin_seconds:g} s does not fit into a stop timeout of "
                f"{stop_timeout_seconds:g} s.",
                "The margin must be above 0 and below the container's stopTimeout.",
            )
        self._clock = clock
        self._log = log
        self._grace_seconds = stop_timeout_seconds - margin_seconds
        self._signals: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._event = threading.Event()
        self._deadline = math.inf
        self._listeners: list[Callable[[], None]] = []

    def install(self) -> None:
        """Handle SIGTERM and SIGINT from now on; call it in the main thread."""
        threading.Thread(target=self._watch, name="shutdown", daemon=True).start()
        for number in SIGNALS:
            signal.signal(number, self.handle)

    def handle(self, number: int, _frame: FrameType | None = None) -> None:
        """Queue a signal; nothing else happens inside a signal handler."""
        self._signals.put(number)

    def on_stop(self, listener: Callable[[], None]) -> None:
        """Call `listener` once, in the watcher's thread, after the first signal."""
        self._listeners.append(listener)

    @property
    def requested(self) -> bool:
        """Whether a stop was requested."""
        return self._event.is_set()

    def wait(self, seconds: float | None) -> bool:
        """Wait for a stop request at most so long; return whether there is one."""
        return self._event.wait(seconds)

    @property
    def overdue(self) -> bool:
        """Whether a stop was requested and a running job must checkpoint now."""
        return self._clock.monotonic() >= self._deadline

    def _watch(self) -> None:
        while True:
            self.note(self._signals.get())

    def note(self, number: int) -> None:
        """Act on a signal, outside its handler; only the first one counts."""
        if self._event.is_set():
            self._log.info("shutdown.already_requested", signal=signal.Signals(number).name)
            return
        self._deadline = self._clock.monotonic() + self._grace_seconds
        self._event.set()
        self._log.info(
            "shutdown.requested",
            signal=signal.Signals(number).name,
            seconds_to_finish=self._grace_seconds,
        )
        for listener in self._listeners:
            listener()


def stop_this_process(_reason: str) -> None:
    """Stop this process as ECS does, so that jobs checkpoint; for `ProtectionManager.abort`."""
    os.kill(os.getpid(), signal.SIGTERM)
