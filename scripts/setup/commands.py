"""What the scripts share: where things are, and steps that say what they do and how long it takes.

Standard library only: nothing is installed yet when the first of them runs.
"""

import contextlib
import fcntl
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".lifestream"
LOGS = STATE / "setup"
HEARTBEAT_SECONDS = 10


def cache_folder() -> Path:
    """Return the user's cache folder for Lifestream."""
    if chosen := os.environ.get("LIFESTREAM_CACHE"):
        return Path(chosen).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "lifestream"


def run(what: str, command: Sequence[str]) -> None:
    """Run a command; on failure exit with the end of its output."""
    status = attempt(what, command)
    if status:
        log = log_of(what)
        end = "\n".join(log.read_text(errors="replace").splitlines()[-25:])
        sys.exit(
            f"{end}\n\nSetup failed while {what} (exit status {status}).\n"
            f"The whole output is in {log.relative_to(ROOT)}. Mend the cause and call make again:\n"
            "what is finished is kept."
        )


def attempt(what: str, command: Sequence[str]) -> int:
    """Run a command, say what and how long, return its exit status; its output goes to a log."""
    log = log_of(what)
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    print(f"  {what} ...", flush=True)
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        while True:
            try:
                status = process.wait(timeout=HEARTBEAT_SECONDS)
                break
            except subprocess.TimeoutExpired:
                print(f"  {what}: {time.monotonic() - started:.0f} s", flush=True)
    outcome = f"exit status {status}" if status else "done"
    print(f"  {what}: {outcome} after {time.monotonic() - started:.0f} s", flush=True)
    return status


def log_of(what: str) -> Path:
    """Return where the output of a step goes."""
    return LOGS / f"{re.sub('[^a-z0-9.]+', '-', what.lower())}.log"


def point(link: Path, target: Path) -> None:
    """Make `link` a symbolic link to `target`, replacing what link was there.

    There is a link at every moment: other processes may be using it, or making the same one.
    """
    if link.is_symlink() and link.readlink() == target:
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=link.parent) as scratch:
        fresh = Path(scratch) / link.name
        fresh.symlink_to(target)
        fresh.replace(link)


@contextlib.contextmanager
def only_one_at_a_time(lock: Path) -> Iterator[None]:
    """Hold a lock file, so that two clones do not fill the same cache at once."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("  another command is filling this cache; waiting for it ...", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
