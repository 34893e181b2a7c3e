"""Check types with mypy, beginning a fresh clone with what an earlier check had found.

Almost all of mypy's work is reading the libraries, and its cache may be moved: it compares content
where times or paths differ. So the cache of a check without findings is kept in the user's cache
folder, by the environment whose libraries it describes, and is where the next clone starts.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from scripts.setup.commands import ROOT, cache_folder, only_one_at_a_time
from scripts.setup.virtualenvs import DEVELOPMENT

SECONDS_OF_A_DAY = 86_400


def main() -> int:
    """Return mypy's exit status."""
    environment = (ROOT / DEVELOPMENT.link).resolve()
    cache, kept = ROOT / ".mypy_cache", cache_folder() / "mypy" / environment.name
    kept.parent.mkdir(parents=True, exist_ok=True)
    lock = kept.with_suffix(".lock")
    if not cache.exists():
        with only_one_at_a_time(lock):
            start_from(kept, cache)
    status = subprocess.run([str(environment / "bin" / "mypy")], check=False, cwd=ROOT).returncode
    if status == 0:
        with only_one_at_a_time(lock):
            keep(cache, kept)
    return status


def start_from(kept: Path, cache: Path) -> None:
    """Fill a checkout's cache with what was kept, if anything was."""
    if kept.exists():
        shutil.copytree(kept, cache)


def keep(cache: Path, kept: Path) -> None:
    """Keep a checkout's cache for other clones, where what they would find is missing or old.

    A day's changes are checked in seconds, so that copying 200 MB after each check would not pay.
    """
    if kept.exists() and written(cache) - written(kept) < SECONDS_OF_A_DAY:
        return
    new = kept.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(cache, new)
    shutil.rmtree(kept, ignore_errors=True)
    new.rename(kept)


def written(cache: Path) -> float:
    """Return when a cache was last written to, in seconds since the epoch."""
    return max((path.stat().st_mtime for path in cache.rglob("*") if path.is_file()), default=0.0)


if __name__ == "__main__":
    sys.exit(main())
