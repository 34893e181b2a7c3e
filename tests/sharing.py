"""What is dear to make is made once for all processes of a test session."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol


class Base(Protocol):
    """What is asked of pytest's `tmp_path_factory`."""

    def getbasetemp(self) -> Path:
        """Return the folder of this process, which lies in that of the session."""


def made_once(factory: Base, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that `make` has filled, here or in another of pytest-xdist's processes.

    Tests only read it. A maker that fails leaves it to the next one, which starts again.
    """
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder, made = base / name, base / f"{name}.made"
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            made.touch()
    return folder
