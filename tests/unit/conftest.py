"""What all unit tests of a process share."""

import sys


def pytest_sessionfinish() -> None:
    """Stop the event loop of the test clients, also where files were only imported."""
    if module := sys.modules.get("tests.unit.event_loop"):
        module.stop()
