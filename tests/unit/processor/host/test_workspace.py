import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.processor.host.workspace import workspace
from tests.fakes.log import CapturedLog

ROOT = Path(__file__).parents[4]
HOLDER = """
import sys
from pathlib import Path
from runtime.processor.host.workspace import workspace
from tests.fakes.log import CapturedLog
with workspace(Path(sys.argv[1]), log=CapturedLog()) as folder:
    (folder / "audio.wav").write_bytes(b"any")
    print(folder, flush=True)
    sys.stdin.read()
"""


class Holder:
    """Another process with a folder of its own in the same work folder."""

    def __init__(self, work_dir: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(work_dir)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.folder = Path(self._process.stdout.readline().strip())

    def end(self, number: int) -> None:
        self._process.send_signal(number)
        self._process.communicate()


def test_should_be_gone_afterwards_whatever_happened(tmp_path: Path) -> None:
    work_dir = tmp_path / "new"
    with pytest.raises(KeyError), workspace(work_dir, log=CapturedLog()) as folder:
        raise KeyError((folder / "any").write_bytes(b"any"))
    assert list(work_dir.iterdir()) == []


def test_should_remove_what_a_killed_process_left(tmp_path: Path) -> None:
    holder = Holder(tmp_path)
    holder.end(signal.SIGKILL)
    assert (holder.folder / "audio.wav").exists()
    with workspace(tmp_path, log=CapturedLog()) as folder:
        assert {path.stem for path in tmp_path.iterdir()} == {folder.name}


def test_should_leave_a_folder_in_use(tmp_path: Path) -> None:
    holder = Holder(tmp_path)
    with workspace(tmp_path, log=CapturedLog()) as folder:
        assert folder != holder.folder
        assert (holder.folder / "audio.wav").exists()
    holder.end(signal.SIGKILL)


def test_should_leave_what_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("any")
    (tmp_path / "folder").mkdir()
    with workspace(tmp_path, log=CapturedLog()):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {"notes.txt", "folder"}
