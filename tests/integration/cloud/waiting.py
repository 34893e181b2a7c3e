"""Waiting for what another process does, within a bound."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

PATIENCE_SECONDS = 600.0
"""Long enough for a busy machine: only what never happens takes as long."""

POLL_SECONDS = 0.05


def until(look: Callable[[], Found | None], what: str) -> Found:
    """Return what `look` finds, once it is true; fail after `PATIENCE_SECONDS`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_SECONDS:.0f} s"
        time.sleep(POLL_SECONDS)
    return found
