"""A small run of a pool whose workers ECS wants to stop all the time: protection holds."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from local.toolchain import ROOT
from tests.e2e.small_runs import POOL
from tests.e2e.test_chaos import left_behind
from tests.integration.cloud.waiting import until

pytestmark = pytest.mark.e2e

CLOSING = re.compile(
    rf"jobs {POOL.jobs}, workers stopped [1-9]\d*, deployments 1, "
    r"killed at work 0 \(cut short 0\), "
    r"killed while protected 0, lost 0, published twice 0, idle tasks gone within \d+\.\d s"
)


def test_should_stop_no_worker_at_work(tmp_path: Path) -> None:
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "chaos.pool", "--jobs", str(POOL.jobs)),
            *("--seed", str(POOL.seed), "--deployments", "1"),
            *("--limit", "1000", "--folder", str(tmp_path)),
        ],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    closing = ended.stdout.rstrip().rpartition("\n")[2]
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert CLOSING.fullmatch(closing), closing
    until(lambda: not left_behind(tmp_path), f"{left_behind(tmp_path)} have ended")
