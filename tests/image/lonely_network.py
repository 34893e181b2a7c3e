"""A network namespace in which one address exists: a port of this machine's loopback interface.

A container in it reaches the local cloud as if it shared the machine's network, and nothing else.
"""

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP_RUNNING = 0x41
LOOPBACK = "127.0.0.1"
CHUNK = 65536


class LonelyNetwork:
    """Use as a context; `path` names the namespace, `open_to` lets it reach a port."""

    def __init__(self) -> None:
        """Make the namespace, which lives as long as the thread that made it."""
        self._work: list[tuple[Callable[[], socket.socket], list[socket.socket]]] = []
        self._given = threading.Condition()
        self._ready = threading.Event()
        self._ended = False
        self._listening: list[socket.socket] = []
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()
        self._ready.wait()
        self.path = f"/proc/{os.getpid()}/task/{self._thread.native_id}/ns/net"

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let the namespace go."""
        for server in self._listening:
            # Closing alone would not wake the thread that accepts.
            server.shutdown(socket.SHUT_RDWR)
            server.close()
        with self._given:
            self._ended = True
            self._given.notify()

    def open_to(self, port: int) -> None:
        """Relay connections to `port` inside to the same port of this machine."""
        server = self._made_inside(lambda: socket.create_server((LOOPBACK, port)))
        self._listening.append(server)
        threading.Thread(target=relay_all, args=(server, port), daemon=True).start()

    def _made_inside(self, make: Callable[[], socket.socket]) -> socket.socket:
        # A socket stays in the namespace of the thread that made it, also when others use it.
        made: list[socket.socket] = []
        with self._given:
            self._work.append((make, made))
            self._given.notify()
            self._given.wait_for(lambda: bool(made))
        return made[0]

    def _live(self) -> None:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWNET)")
        with socket.socket() as any_socket:
            request = struct.pack("16sH14x", b"lo", IFF_UP_RUNNING)
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, request)
        self._ready.set()
        with self._given:
            while not self._ended:
                while self._work:
                    make, made = self._work.pop()
                    made.append(make())
                    self._given.notify_all()
                self._given.wait()


def relay_all(server: socket.socket, port: int) -> None:
    """Relay every connection that comes until the server is shut down."""
    while True:
        try:
            inside, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=relay_one, args=(inside, port), daemon=True).start()


def relay_one(inside: socket.socket, port: int) -> None:
    """Relay one connection, both ways, until both have ended."""
    with inside, socket.create_connection((LOOPBACK, port)) as outside:
        back = threading.Thread(target=relay, args=(outside, inside), daemon=True)
        back.start()
        relay(inside, outside)
        back.join()


def relay(source: socket.socket, target: socket.socket) -> None:
    """Copy one direction of a connection until it ends."""
    # Either side may go away at any time, as processes do.
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
