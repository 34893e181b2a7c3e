import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.emulator.containers.task_process import TaskProcess

PATIENCE_SECONDS = 120.0


class Started:
    """A started script with the lines it printed."""

    def __init__(self, folder: Path, script: str, **environment: str) -> None:
        self.lines: list[str] = []
        self.process = TaskProcess(
            [sys.executable, "-u", "-c", textwrap.dedent(script)],
            environment=environment,
            working_directory=folder,
            on_line=self.lines.append,
        )

    def await_line(self, line: str) -> None:
        until(lambda: line in self.lines)


Start = Callable[..., Started]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    all_started: list[Started] = []

    def start_one(script: str, **environment: str) -> Started:
        all_started.append(Started(tmp_path, script, **environment))
        return all_started[-1]

    yield start_one
    for started in all_started:
        started.process.stop(0)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # before it is opened, or while it is read
        return False
    return state != "Z"


@pytest.mark.parametrize("code", [0, 7, 255])
def test_should_report_the_commands_own_exit_code(start: Start, code: int) -> None:
    started = start(f"raise SystemExit({code})")
    assert started.process.wait(PATIENCE_SECONDS)
    assert started.process.exit_code == code


def test_should_report_death_by_a_signal_as_a_shell_does(start: Start) -> None:
    started = start("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    assert started.process.wait(PATIENCE_SECONDS)
    assert started.process.exit_code == 128 + signal.SIGSEGV


def test_should_deliver_every_line_in_order_before_it_counts_as_finished(start: Start) -> None:
    started = start("import sys\nfor i in range(2000): print(i)\nprint('end', file=sys.stderr)")
    assert started.process.wait(PATIENCE_SECONDS)
    assert started.lines == [*(str(i) for i in range(2000)), "end"]


def test_should_give_the_command_exactly_the_given_environment(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAUNCHERS_OWN", "1")
    started = start("import os; print(sorted(os.environ))", GIVEN="1")
    assert started.process.wait(PATIENCE_SECONDS)
    # Python adds LC_CTYPE itself when no locale is set.
    assert started.lines in (["['GIVEN']"], ["['GIVEN', 'LC_CTYPE']"])


def test_should_say_so_when_there_is_no_such_command(tmp_path: Path) -> None:
    lines: list[str] = []
    process = TaskProcess(
        ["no-such-command"], environment={}, working_directory=tmp_path, on_line=lines.append
    )
    assert process.wait(PATIENCE_SECONDS)
    assert process.exit_code == 127
    assert lines == ["cannot run no-such-command: No such file or directory"]


def test_should_let_the_command_end_itself_on_sigterm(start: Start) -> None:
    started = start(
        """
        import signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(12))
        print("ready")
        time.sleep(60)
        """
    )
    started.await_line("ready")
    started.process.stop(PATIENCE_SECONDS)
    assert started.process.exit_code == 12


def test_should_kill_a_command_that_ignores_sigterm_after_the_grace_period(start: Start) -> None:
    started = start(
        """
        import signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("ready")
        time.sleep(60)
        """
    )
    started.await_line("ready")
    started.process.stop(0.1)
    assert started.process.exit_code == 128 + signal.SIGKILL


def test_should_end_what_the_command_left_behind(start: Start) -> None:
    started = start(
        """
        import subprocess, sys
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        print(child.pid)
        """
    )
    assert started.process.wait(PATIENCE_SECONDS)
    until(lambda: not is_running(int(started.lines[0])))
    assert started.process.exit_code == 0


def test_should_not_outlive_its_starter_however_that_dies(tmp_path: Path) -> None:
    program = """
        import sys, time
        from pathlib import Path
        from local.emulator.containers.task_process import TaskProcess
        command = [sys.executable, "-uc", "import os, time; print(os.getpid()); time.sleep(60)"]
        process = TaskProcess(command, environment={}, working_directory=Path("."), on_line=print)
        time.sleep(60)
    """
    root = Path(__file__).resolve().parents[5]
    with subprocess.Popen(
        [sys.executable, "-u", "-c", textwrap.dedent(program)],
        env={"PYTHONPATH": str(root), "PATH": os.environ["PATH"]},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout is not None
        task = int(starter.stdout.readline())
        assert is_running(task)
        starter.kill()
        until(lambda: not is_running(task))
