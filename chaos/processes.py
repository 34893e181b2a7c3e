"""Signals to a process that was seen alive, and never to another that got its number later."""

import contextlib
import os
import signal
import threading
from pathlib import Path


class Process:
    """One process, held by its pidfd (Linux); signals to a process that has ended do nothing."""

    def __init__(self, pid: int) -> None:
        self._handle: int | None = None
        with contextlib.suppress(ProcessLookupError):
            self._handle = os.pidfd_open(pid)

    def send(self, number: signal.Signals) -> None:
        """Send a signal and let go of the process."""
        handle, self._handle = self._handle, None
        if handle is None:
            return
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(handle, number)
        os.close(handle)


def signal_now(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that waits for a response."""
    Process(pid).send(number)


def signal_later(pid: int, number: signal.Signals, seconds: float) -> None:
    """Send a signal after a while."""
    process = Process(pid)
    timer = threading.Timer(seconds, process.send, (number,))
    timer.daemon = True
    timer.start()


def is_alive(pid: int) -> bool:
    """Return whether there is a process of this number."""
    return Path(f"/proc/{pid}").exists()
