"""A small run of the chaos harness: whatever goes wrong, nothing is lost and nothing done twice."""

import subprocess
import sys
from pathlib import Path

import pytest

from local.toolchain import ROOT

pytestmark = pytest.mark.e2e

# Bounds of a machine that is busy otherwise too; on a quiet one a job ends within seconds.
BOUNDS = ("--bound", "600", "--limit", "1000")


@pytest.mark.parametrize(("budgets", "jobs"), [("production", 12), ("redrive", 6)])
def test_should_lose_nothing_and_do_nothing_twice(
    tmp_path: Path,
    budgets: str,
    jobs: int,
) -> None:
    size = ["--jobs", str(jobs), "--seed", "11", *BOUNDS]
    size += ["--budgets", budgets]
    ended = subprocess.run(
        [sys.executable, "-m", "chaos", *size, "--folder", str(tmp_path)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    closing = ended.stdout.rstrip().rpartition("\n")[2]
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert closing.startswith(f"jobs {jobs}, faults ")
    assert closing.endswith(", lost 0, published twice 0, stuck 0")
    assert len((tmp_path / "faults.jsonl").read_text().splitlines()) >= jobs
    assert left_behind(tmp_path) == []


def left_behind(folder: Path) -> list[str]:
    """Return the command lines of processes that still work below a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if str(folder) in command:
            found.append(command.replace("\0", " "))
    return found
