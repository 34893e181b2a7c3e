"""Runs a command, a batch script for example, in a protected task."""

import signal
import subprocess
from collections.abc import Sequence

from .errors import ProtectionError
from .guard import Guard

NOT_STARTED = 75
"""EX_TEMPFAIL: without protection the command was not started; try again."""


def run_protected(command: Sequence[str], guard: Guard) -> int:
    """Run a command under protection and return its exit code, 128 + n if signal n ended it.

    A SIGTERM to this process waits until the command has ended.
    """
    guard.defer_stop()
    try:
        with guard.protected(command[0]):
            # A group of its own, so that only this process gets the signals of a terminal.
            code = subprocess.run(command, check=False, start_new_session=True).returncode
    except ProtectionError as error:
        print(f"not started: {error.summary} {error.resolution}")  # noqa: T201 - for a person
        return NOT_STARTED
    return code if code >= 0 else 128 + signal.Signals(-code)
