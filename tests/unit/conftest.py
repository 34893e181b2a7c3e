"""What all unit tests of a process share."""

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _stopped_loop() -> Iterator[None]:
    yield
    if module := sys.modules.get("tests.unit.event_loop"):
        module.stop()
