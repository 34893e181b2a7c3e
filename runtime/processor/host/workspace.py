"""A job's scratch folder, and the removal of folders whose process was killed."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.core.log import Log

_PREFIX, _LOCK = "lifestream-", ".lock"


@contextmanager
def workspace(work_dir: Path, *, log: Log) -> Iterator[Path]:
    """Yield an empty folder and remove it afterwards; first remove those of killed processes.

    A folder is in use while a process holds the lock of the file beside it. The kernel releases the
    lock when the process ends, however that happens.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    _sweep(work_dir, log)
    with _locked_file(work_dir) as lock:
        folder = lock.with_suffix("")
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            lock.unlink(missing_ok=True)


@contextmanager
def _locked_file(work_dir: Path) -> Iterator[Path]:
    """Yield a new file of which this process holds the lock."""
    while True:
        handle, name = tempfile.mkstemp(dir=work_dir, prefix=_PREFIX, suffix=_LOCK)
        with os.fdopen(handle):
            fcntl.flock(handle, fcntl.LOCK_EX)
            if os.fstat(handle).st_nlink:  # else it was swept before it was locked
                yield Path(name)
                return


def _sweep(work_dir: Path, log: Log) -> None:
    for lock in work_dir.glob(f"{_PREFIX}*{_LOCK}"):
        with contextlib.suppress(FileNotFoundError), lock.open("r+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)
            log.info("workspace.swept", folder=lock.stem)
