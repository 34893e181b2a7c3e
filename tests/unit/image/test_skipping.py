"""Where images cannot be tested, `make image-test` says so at its end, and fails nothing."""

import os
import subprocess
import sys
from pathlib import Path

from image.tools import DEBIAN_PACKAGES
from scripts.setup.commands import ROOT


def test_should_skip_loudly_where_the_tools_are_not(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "image"),
            *("--basetemp", str(tmp_path / "base"), "tests/image/test_running.py"),
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        # Nothing is found on an empty path.
        env={**os.environ, "PATH": str(tmp_path)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    *_, why, closing = done.stdout.splitlines()
    assert why.startswith("IMAGES ARE NOT TESTED HERE")
    assert all(package in why for package in DEBIAN_PACKAGES.values())
    assert closing.startswith("Image: 0 passed, 0 failed, ")
    assert closing.endswith(" SKIPPED")
