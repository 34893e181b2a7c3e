"""SIGTERM and SIGINT: at once while no session is critical, else when the last one has ended."""

import queue
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from .ports import ActionLog

SIGNALS = (signal.SIGTERM, signal.SIGINT)
REPEAT_SECONDS = 0.5


class StopDeferral:
    """Delivers a stop signal in the main thread once that interrupts no job.

    It does then what it would have done without the deferral: calls the earlier handler, or raises
    `KeyboardInterrupt` or `SystemExit`. `until_idle` blocks until no session is critical;
    `before_stop` is called then. ECS kills the process anyway when the container's `stopTimeout`
    has passed, 120 s at most on Fargate.
    """

    def __init__(
        self, *, until_idle: Callable[[], None], before_stop: Callable[[], None], log: ActionLog
    ) -> None:
        self._until_idle = until_idle
        self._before_stop = before_stop
        self._log = log
        # `put` is reentrant, `Event.set` is not: one handler may interrupt another.
        self._signals: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._previous: dict[int, Any] = {}
        self._idle = False
        self._delivered = False
        self.requested = threading.Event()

    def install(self) -> None:
        """Handle the signals from now on; call it in the main thread. Idempotent."""
        if self._previous:
            return
        threading.Thread(target=self._watch, name="stop-deferral", daemon=True).start()
        for number in SIGNALS:
            self._previous[number] = signal.signal(number, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self._idle:
            self._signals.put(number)
            return
        self._delivered = True
        previous = self._previous[number]
        if callable(previous):
            previous(number, frame)
        elif previous is not signal.SIG_IGN:
            raise SystemExit(128 + number)

    def _watch(self) -> None:
        number = self._signals.get()
        name = signal.Signals(number).name
        self.requested.set()
        self._log.info("protection.stop_requested", signal=name)
        self._until_idle()
        self._before_stop()
        self._log.info("protection.stop_delivered", signal=name)
        self._idle = True
        while not self._delivered:
            # Again, because a signal just before a system call does not interrupt that call.
            signal.pthread_kill(threading.main_thread().ident or 0, number)
            time.sleep(REPEAT_SECONDS)
