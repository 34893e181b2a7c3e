"""Free TCP ports of this machine."""

import os
import random
import socket
import threading

from local.emulator.settings import HOST

RANGE = range(20_000, 32_000)
"""Below the ports that Linux gives to outgoing connections and to servers without a port."""

TRIES = 1000
KEPT_MARKS = 64
"""A server binds its port long before so many others are given out."""

_draw = random.SystemRandom()
_lock = threading.Lock()
_marks: dict[int, int] = {}
"""Descriptors of open sockets by port; they end with this process."""


def free_port() -> int:
    """Return a port that is free and stays so until its server, in any process, binds it.

    No other caller on this machine gets it meanwhile. Raises `OSError` where none is free.
    """
    for port in _draw.sample(RANGE, TRIES):
        if port not in _marks and reserve(port):
            return port
    raise OSError(f"No port between {RANGE.start} and {RANGE.stop} is free.")


def reserve(port: int) -> bool:
    """Keep a port from callers in other processes; return False where one of them has it."""
    with _lock:
        if port in _marks:
            return _is_free(port)
        # Taking the UDP port of the same number leaves TCP free, and ends with this process.
        mark = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            mark.bind((HOST, port))
        except OSError:
            mark.close()
            return False
        if not _is_free(port):
            mark.close()
            return False
        _marks[port] = mark.detach()
        if len(_marks) > KEPT_MARKS:
            os.close(_marks.pop(next(iter(_marks))))
        return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: connections that have ended do not hold a port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
