"""Sudden death at a port boundary: the process ends before or after the call of a given number."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

Port = TypeVar("Port")


class Killed(BaseException):
    """The process is gone; no handler of ours may catch this."""


class KillSwitch:
    """Counts the calls of every port it guards; `arm` chooses the one not survived.

    The calls after it are those of the next process, unless the process has threads: with `threads`
    no further call succeeds.
    """

    def __init__(self, *, threads: bool = False) -> None:
        self._threads = threads
        self.calls: list[str] = []
        self._left: int | None = None
        self._after = False
        self._dead = False
        self._lock = threading.RLock()

    def arm(self, call: int, *, after: bool) -> None:
        """Die at the call with this number from now (0 is the next), before or after its effect."""
        self._left = call
        self._after = after

    def disarm(self) -> None:
        self._left = None

    def guard(self, port: Port) -> Port:
        """Return the port as seen by a process that may die."""
        return cast("Port", _Guarded(port, self._call))

    def _call(self, name: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if not self._threads:
            return self._live(name, method, *args, **kwargs)
        with self._lock:
            if self._dead:
                raise Killed(f"before {name}")
            return self._live(name, method, *args, **kwargs)

    def _live(self, name: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.calls.append(name)
        doomed = self._left == 0
        if self._left is not None:
            self._left -= 1
        self._dead = doomed
        if doomed and not self._after:
            raise Killed(f"before {name}")
        result = method(*args, **kwargs)
        if doomed:
            raise Killed(f"after {name}")
        return result


class _Guarded:
    def __init__(self, port: object, call: Callable[..., Any]) -> None:
        self._port = port
        self._call = call

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        return lambda *args, **kwargs: self._call(name, method, *args, **kwargs)
