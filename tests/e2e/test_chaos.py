"""A small run of the chaos harness: whatever goes wrong, nothing is lost and nothing done twice."""

import subprocess
import sys
from pathlib import Path

import pytest

from local.toolchain import ROOT
from tests.e2e.small_runs import ON_DEMAND
from tests.integration.cloud.waiting import until

pytestmark = pytest.mark.e2e

# Bounds of a machine that is busy otherwise too; on a quiet one a job ends within seconds.
BOUNDS = ("--bound", "600", "--limit", "1000")


@pytest.mark.parametrize("budgets", ON_DEMAND)
def test_should_lose_nothing_and_do_nothing_twice(tmp_path: Path, budgets: str) -> None:
    run = ON_DEMAND[budgets]
    size = ["--jobs", str(run.jobs), "--seed", str(run.seed), *BOUNDS]
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
    assert closing.startswith(f"jobs {run.jobs}, faults ")
    assert closing.endswith(", lost 0, published twice 0, stuck 0")
    assert len((tmp_path / "faults.jsonl").read_text().splitlines()) >= run.jobs
    # The kernel ends the children of what was killed in its own time.
    until(lambda: not left_behind(tmp_path), f"{left_behind(tmp_path)} have ended")


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
