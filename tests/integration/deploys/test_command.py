"""`make deploy-local` as a person uses it: what it says to do next is done, and works."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import toolchain

pytestmark = pytest.mark.cloud


@pytest.fixture(scope="module")
def said() -> Iterator[list[str]]:
    """The lines of a running `make deploy-local ENV=staging`, which ends well when stopped."""
    with subprocess.Popen(
        [sys.executable, "-m", "local.deploy_local", "staging"],
        cwd=toolchain.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        lines: list[str] = []
        for line in process.stdout or ():
            lines.append(line.rstrip())
            if line.startswith("It runs until"):
                break
        yield lines
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate()
        assert "nothing is left running" in rest
    assert process.returncode == 0


def test_should_print_the_outputs_of_the_environment(said: list[str]) -> None:
    assert any(re.match(r"MediaBucketName +lifestream-media-staging-", line) for line in said)


def test_should_say_what_to_do_next_so_that_it_can_be_done(
    said: list[str], clip: bytes, tmp_path: Path
) -> None:
    after = said[said.index("What to do next, in another terminal of this folder:") + 1 :]
    variables, upload, watch, *_ = [line.strip() for line in after if line.startswith("  ")]
    short = tmp_path / "short.mp4"
    short.write_bytes(clip)
    upload = upload.replace(".lifestream/media/sample.mp4", str(short))
    ours = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}

    done = subprocess.run(
        ["sh", "-ec", f"{variables}\n{upload}\n{watch}"],
        cwd=toolchain.ROOT,
        env=ours,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert str(short) in upload
    assert "succeeded" in done.stdout
