"""Whether this instance lives and may get requests."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from runtime.core.clock import MonotonicClock
from runtime.core.contract import VERSION
from runtime.core.errors import LifestreamError

KEPT_SECONDS = 5.0
"""How long an examination counts, so that frequent checks do not become calls."""

Check = Callable[[], object]
"""Calls a dependency; raises when it does not answer."""


class DependencyModel(BaseModel):
    """One dependency of the service."""

    name: str
    ok: bool
    detail: str


class Health:
    """Examines dependencies at most every few seconds. `protection` is its part of the answer."""

    def __init__(
        self,
        checks: Mapping[str, Check],
        *,
        clock: MonotonicClock,
        protection: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._checks = checks
        self._clock = clock
        self._protection = protection
        self._lock = threading.Lock()
        self._found: tuple[float, list[DependencyModel]] | None = None
        self._draining = threading.Event()

    def drain(self) -> None:
        """Say from now on that this instance gets no more requests."""
        self._draining.set()

    @property
    def draining(self) -> bool:
        """Whether the instance ends."""
        return self._draining.is_set()

    def dependencies(self) -> list[DependencyModel]:
        """Return the state of every dependency, at most `KEPT_SECONDS` old."""
        with self._lock:
            now = self._clock.monotonic()
            if self._found is None or now - self._found[0] >= KEPT_SECONDS:
                self._found = now, [_examine(name, c) for name, c in self._checks.items()]
            return self._found[1]

    def liveness(self) -> dict[str, Any]:
        """Return the body of `GET /health`; its keys are a contract."""
        return {
            "status": "draining" if self.draining else "ok",
            "version": VERSION,
            **self._protection(),
            "dependencies": self.dependencies(),
        }

    def ready(self) -> bool:
        """Return whether it may get requests."""
        return not self.draining and all(each.ok for each in self.dependencies())


def unprotected() -> dict[str, Any]:
    """Return the part of protection for an instance that works on nothing of its own."""
    return {
        "ecsDeployment": False,
        "activeJobs": 0,
        "taskProtectionActive": False,
        "taskProtectionMonitoring": False,
    }


def _examine(name: str, check: Check) -> DependencyModel:
    try:
        check()
    except LifestreamError as error:
        return DependencyModel(name=name, ok=False, detail=error.code)
    except Exception as error:  # noqa: BLE001 - an examination reports, it does not fail
        return DependencyModel(name=name, ok=False, detail=type(error).__name__)
    return DependencyModel(name=name, ok=True, detail="answers")
