"""The guard of this process, made from its environment at first use."""

import atexit
import threading
from typing import Any

from .guard import Guard, Protected

_lock = threading.Lock()
_guard: Guard | None = None


def default_guard() -> Guard:
    """Return this process's guard; raise `ProtectionSettingError` for an invalid environment."""
    global _guard  # noqa: PLW0603 - a task has one protection, so its process has one guard
    with _lock:
        if _guard is None:
            _guard = Guard()
            atexit.register(_guard.close)
        return _guard


def configure(**settings: Any) -> Guard:
    """Make this process's guard with the settings of `Guard`, before its first use."""
    global _guard  # noqa: PLW0603 - the same
    with _lock:
        if _guard is not None:
            raise RuntimeError("the guard of this process is in use already; configure it first")
        _guard = Guard(**settings)
        atexit.register(_guard.close)
        return _guard


def protected(name: str | None = None, *, deadline_seconds: float | None = None) -> Protected:
    """Protect this task while a job runs, as a context or a decorator, plain or `async`.

    >>> with protected("nightly-report"):
    ...     print("working")
    working
    """
    return Protected(default_guard, name, deadline_seconds)
