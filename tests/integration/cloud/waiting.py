"""Waiting for what another process does, within a bound."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

PATIENCE_SECONDS = 30.0
POLL_SECONDS = 0.05


def until(look: Callable[[], Found | None], what: str) -> Found:
    """Return what `look` finds as soon as it finds something true; fail after half a minute."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_SECONDS:.0f} s"
        time.sleep(POLL_SECONDS)
    return found
