"""Imported by Python itself at the start of a process under test: spoils the machine under it.

Reads `machine-faults.json` beside it: by job the fault of its first attempt, and in `workers` the
faults of workers, one for each process in turn. The code under test has no part in this.
"""

import builtins
import errno
import io
import json
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FAULTS = "machine-faults.json"
ADDRESS_SPACE_BYTES = 700 << 20
"""Enough for Python to start, too little for the processor."""

STEP_AFTER_SECONDS = 1.0

TAKING_A_RUN = frozenset({"disk_full", "little_memory"})
APART_SECONDS = 120.0
"""Between two workers that fail their jobs: a job has a run left for one of them."""


def apply(
    environ: "os._Environ[str] | dict[str, str]",
    faults: dict[str, Any],
    pid: int,
    last: Path | None = None,
) -> None:
    """Spoil this process as the faults say; it is a processor if it has a work folder.

    A child that decodes for it has none: it shares the machine, and has no fault of its own.
    `last` is touched by workers that fail their jobs.
    """
    if "WORK_DIR" not in environ:
        return
    job_id = environ.get("JOB_ID")
    if job_id is None:
        workers = faults.get("workers") or [None]
        fault = workers[pid % len(workers)]
        if fault is not None and fault["kind"] in TAKING_A_RUN and _is_too_soon(last):
            return
    else:
        fault = faults.get(job_id) if environ.get("JOB_ATTEMPT") == "1" else None
    if fault is not None:
        _APPLY[fault["kind"]](float(fault["seconds"]), environ["WORK_DIR"])


def _is_too_soon(last: Path | None) -> bool:
    if last is None:
        return False
    if last.exists() and time.time() - last.stat().st_mtime < APART_SECONDS:
        return True
    last.touch()
    return False


def _skew(seconds: float, _work_dir: str) -> None:
    real = time.time
    time.time = lambda: real() + seconds


def _step(seconds: float, _work_dir: str) -> None:
    real, began = time.time, time.monotonic()

    def stepped() -> float:
        late = time.monotonic() - began > STEP_AFTER_SECONDS
        return real() + (seconds if late else 0.0)

    time.time = stepped


def _disk_full(_seconds: float, work_dir: str) -> None:
    """Refuse each file that is opened for writing below the work folder."""
    real = io.open

    def refusing(file: Any, mode: str = "r", *more: Any, **options: Any) -> Any:
        writes = any(letter in mode for letter in "wax+")
        if writes and not isinstance(file, int) and str(file).startswith(work_dir):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))
        return real(file, mode, *more, **options)

    io.open = refusing
    builtins.open = refusing


def _little_memory(_seconds: float, _work_dir: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))


_APPLY: dict[str, Callable[[float, str], None]] = {
    "clock_skew": _skew,
    "clock_step": _step,
    "disk_full": _disk_full,
    "little_memory": _little_memory,
}

if __name__ == "sitecustomize":
    _file = Path(__file__).with_name(FAULTS)
    if _file.exists():
        _last = _file.with_suffix(".last")
        apply(os.environ, json.loads(_file.read_text()), os.getpid(), _last)
