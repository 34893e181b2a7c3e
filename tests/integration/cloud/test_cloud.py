import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from local import toolchain
from local.cloud import CloudError, LocalCloud, StateInUseError
from local.images import Images
from tests.integration.cloud.conftest import Containers
from tests.integration.cloud.waiting import PATIENCE_SECONDS, until
from tests.integration.conftest import probe_images

pytestmark = pytest.mark.cloud


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # before it is opened, or while it is read
        return False


def test_should_refuse_a_folder_that_another_cloud_uses(cloud: LocalCloud) -> None:
    with pytest.raises(StateInUseError, match=str(cloud.state_dir)):
        LocalCloud.start(
            state_dir=cloud.state_dir, images=Images(), lambda_python=toolchain.LAMBDA_PYTHON
        )


def test_should_say_what_to_do_without_a_python_for_functions(tmp_path: Path) -> None:
    with pytest.raises(CloudError, match="make setup"):
        LocalCloud.start(
            state_dir=tmp_path, images=Images(), lambda_python=tmp_path / "no-such-python"
        )


def test_should_leave_nothing_running_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = f"""
        import time
        from pathlib import Path
        from local import toolchain
        from local.cloud import LocalCloud
        from local.images import Images
        cloud = LocalCloud.start(state_dir=Path({str(tmp_path)!r}), images=Images(),
                                 lambda_python=toolchain.LAMBDA_PYTHON)
        print(cloud._process.pid, flush=True)
        time.sleep(60)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=toolchain.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        emulator = int(parent.stdout.readline())
        assert is_running(emulator)
        os.kill(parent.pid, signal.SIGKILL)
        until(lambda: not is_running(emulator), "the emulator has ended")


def test_should_end_its_tasks_when_it_stops(tmp_path: Path) -> None:
    with LocalCloud.start(
        state_dir=tmp_path, images=probe_images(), lambda_python=toolchain.LAMBDA_PYTHON
    ) as own:
        containers = Containers(own)
        task = containers.run(containers.define("wait", "ignore"))
        until(lambda: "ready" in containers.lines(task), "the task is ready")
        commands = children(tmp_path)
        assert commands
    until(lambda: not any(is_running(pid) for pid in commands), "its processes have ended")
    assert not any((tmp_path / "tasks").iterdir())


def children(state_dir: Path) -> list[int]:
    """Return the processes whose working directory is below a cloud's folder of tasks."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            folder = (process / "cwd").readlink()
        except OSError:
            continue
        if folder.is_relative_to(state_dir / "tasks"):
            found.append(int(process.name))
    return found


def test_should_run_alone_and_stop_on_ctrl_c(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "local.emulator", "--state-dir", str(tmp_path)],
        cwd=toolchain.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as emulator:
        assert emulator.stdout is not None
        assert emulator.stdout.readline().startswith("AWS_ENDPOINT_URL=http://127.0.0.1:")
        for line in emulator.stdout:
            if "Ready" in line:
                break
        emulator.send_signal(signal.SIGINT)
        assert emulator.wait(PATIENCE_SECONDS) == 0
