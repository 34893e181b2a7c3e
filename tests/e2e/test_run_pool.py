"""`make run MODE=pool`: a pool grows from nothing, and the same worker takes the second video."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from chaos.clips import make_clip
from local.toolchain import ROOT

pytestmark = pytest.mark.e2e

ROW = re.compile(r"^(first|second) +\d+ s +\d+ s +(worker [0-9a-f]{8})\b", re.MULTILINE)


def test_should_process_two_videos_with_one_worker(tmp_path: Path) -> None:
    video = tmp_path / "clip.mp4"
    make_clip(video)
    ended = subprocess.run(
        [sys.executable, "-m", "local.run", "--pool", "--no-services", str(video)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Waiting until the idle pool has gone to nothing" in ended.stdout
    rows = dict(ROW.findall(ended.stdout))
    assert set(rows) == {"first", "second"}
    assert rows["first"] == rows["second"]
