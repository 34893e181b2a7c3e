"""Starts decoding children through one `starter` process, which is started at the first need."""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[3]
# None of the parent's variables: they say where credentials are.
_ENVIRONMENT = {
    "PYTHONPATH": str(_ROOT),
    "PYTHONDONTWRITEBYTECODE": "1",
    "LANG": "C.UTF-8",
    # For frames of 256 pixels threads cost more than they save.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}
_LINE_BYTES = 1 << 16
_EXIT_SECONDS = 5.0
"""A child that has closed its messages ends within this time, or is killed."""


class ChildProcess:
    """A child of the starter; its process id stays its own until `wait`."""

    def __init__(self, starter: "_Starter", pid: int) -> None:
        self.pid = pid
        self._starter = starter
        self._status: int | None = None

    def kill(self) -> None:
        """End the process."""
        if self._status is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Return the exit status, negative for a signal, once the process has ended."""
        if self._status is None:
            self._kill_unless_ending()
            try:
                self._status = int(self._starter.ask({"reap": self.pid})["status"])
            except OSError:
                # The starter ended, and the kernel killed its children with it.
                self._status = -signal.SIGKILL
        return self._status

    def _kill_unless_ending(self) -> None:
        if sys.platform == "linux":
            try:
                ended = os.pidfd_open(self.pid)
            except ProcessLookupError:
                return
            try:
                if select.select([ended], [], [], _EXIT_SECONDS)[0]:
                    return
            finally:
                os.close(ended)
        self.kill()


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptors:
    """What a child reads its request from, and writes messages and errors to."""

    request: int
    messages: int
    errors: int


def start_child(program: str, folder: Path, descriptors: Descriptors) -> ChildProcess:
    """Start a module as a child that works in `folder`; raise `OSError` where that fails."""
    request = {"program": program, "folder": str(folder)}
    passed = [descriptors.request, descriptors.messages, descriptors.errors]
    try:
        starter = _running()
        answer = starter.ask(request, passed)
    except OSError:
        # Memory pressure may have ended it; the next one starts with nothing in use.
        starter = _running(instead_of=starter)
        answer = starter.ask(request, passed)
    return ChildProcess(starter, int(answer["pid"]))


def prepare_starter() -> None:
    """Start the starter, so that its imports are done when the first child is needed."""
    _running()


class _Starter:
    """The starter process, and the socket to it: one question at a time.

    The kernel kills it when the thread that has started it ends, so a thread of its own does.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._control, theirs = socket.socketpair()
        started: Future[subprocess.Popen[bytes]] = Future()
        with theirs:
            threading.Thread(
                target=self._hold,
                args=(theirs.fileno(), started),
                name="decoding-starter",
                daemon=True,
            ).start()
            self._process = started.result()
        # Waited for, so that the processor time of all children counts as this process's.
        atexit.register(self.end)

    def _hold(self, control: int, started: "Future[subprocess.Popen[bytes]]") -> None:
        try:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "runtime.processor.decoder.starter"),
                    *(str(control), str(os.getpid())),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=_ENVIRONMENT,
                pass_fds=(control,),
                # The parent handles a stop signal for the whole group.
                start_new_session=True,
            )
        except BaseException as error:  # noqa: BLE001 - raised where the result is awaited
            started.set_exception(error)
            return
        started.set_result(process)
        self._over.wait()

    def ask(self, request: dict[str, Any], descriptors: list[int] | None = None) -> dict[str, Any]:
        """Return the answer; raise `OSError` where the starter has ended."""
        with self._lock:
            line = json.dumps(request).encode()
            socket.send_fds(self._control, [line], descriptors or [])
            answer = b""
            while not answer.endswith(b"\n"):
                received = self._control.recv(_LINE_BYTES)
                if not received:
                    raise ConnectionError("the starter of decoding children has ended")
                answer += received
        found: dict[str, Any] = json.loads(answer)
        return found

    def end(self) -> None:
        """Close the socket, which ends the process, and wait for that."""
        self._control.close()
        self._process.wait()
        self._over.set()


_lock = threading.Lock()
_current: list[_Starter] = []


def _running(instead_of: _Starter | None = None) -> _Starter:
    with _lock:
        if _current and _current[0] is instead_of:
            _current.pop().end()
        if not _current:
            _current.append(_Starter())
        return _current[0]
