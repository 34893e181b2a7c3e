"""The commands that pipelines run after a deployment, against what is deployed here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.deployed import ENVIRONMENT, Deployed
from local.toolchain import MEDIA, ROOT

pytestmark = pytest.mark.e2e


def verify(deployed: Deployed, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "scripts.verification", *arguments],
        cwd=ROOT,
        env={**os.environ, **deployed.cloud.aws_environment()},
        check=False,
        capture_output=True,
        text=True,
    )


def test_should_prove_what_is_deployed(deployed: Deployed) -> None:
    video = str(MEDIA / "sample.mp4")

    asked = ["full", "--environment", ENVIRONMENT, "--video", video, "--settle", "5"]
    done = verify(deployed, *asked)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("\nok  ") == 8


def test_should_not_prove_what_is_not_deployed(deployed: Deployed) -> None:
    done = verify(deployed, "smoke", "--environment", "prod")

    assert done.returncode == 1
    assert "There is no environment 'prod'" in done.stderr


def test_should_fail_when_the_job_fails(deployed: Deployed, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"these are notes, not a video\n")

    done = verify(deployed, "smoke", "--environment", ENVIRONMENT, "--video", str(broken))

    assert done.returncode == 1
    assert "not a video" in done.stderr.lower()
