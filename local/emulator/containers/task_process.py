"""Gap (1.5.33, local): RunTask needs a Docker daemon; a container as a process group."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

INIT = Path(__file__).with_name("task_init.py")
KILLED_BY_SIGNAL = 128
LAST_LINES_SECONDS = 5.0
NANOSECONDS = 1e9


class InitProcess(subprocess.Popen[Any]):
    """A command below a first process that ends with `lifeline` at the latest."""

    def __init__(self, command: Sequence[str], **options: Any) -> None:
        read_end, self.lifeline = os.pipe()
        super().__init__(
            [sys.executable, "-I", "-S", str(INIT), str(read_end), *command],
            start_new_session=True,
            pass_fds=(read_end,),
            **options,
        )
        os.close(read_end)


class TaskProcess:
    """A running command; its merged output goes to `on_line` line by line, in order.

    It is finished only when every line has been delivered: the log is whole when there is an exit
    code.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        working_directory: Path,
        on_line: Callable[[str], None],
    ) -> None:
        """Start the command with exactly this environment."""
        self._process = InitProcess(
            command,
            env=dict(environment),
            cwd=working_directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._on_line = on_line
        self._finished = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        threading.Thread(target=self._await_end, daemon=True).start()

    @property
    def finished(self) -> bool:
        """Whether the command has ended and its output is delivered."""
        return self._finished.is_set()

    @property
    def exit_code(self) -> int | None:
        """The exit code once finished, 128 + n when signal n ended it, else None."""
        if not self.finished:
            return None
        code: int = self._process.returncode
        return code if code >= 0 else KILLED_BY_SIGNAL - code

    @property
    def starved_seconds(self) -> float:
        """How long the command has waited for a processor; 0.0 where the system does not say."""
        init = self._process.pid
        with contextlib.suppress(OSError, IndexError):
            child = Path(f"/proc/{init}/task/{init}/children").read_text().split()[0]
            return int(Path(f"/proc/{child}/schedstat").read_text().split()[1]) / NANOSECONDS
        return 0.0

    def wait(self, timeout_seconds: float | None = None) -> bool:
        """Wait for the end; return whether it came."""
        return self._finished.wait(timeout_seconds)

    def stop(self, grace_seconds: float) -> None:
        """Send SIGTERM, and SIGKILL to the whole group after the grace period; wait for the end."""
        if not self.finished:
            self._process.terminate()
            if not self.wait(grace_seconds):
                self.kill()
                self.wait()

    def kill(self) -> None:
        """Send SIGKILL to the whole group, without waiting."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if not self.finished:
                os.killpg(self._process.pid, signal.SIGKILL)

    def _read(self) -> None:
        with self._process.stdout or io.BytesIO() as output:
            for line in output:
                self._on_line(line.decode("utf-8", errors="replace").rstrip("\r\n"))

    def _await_end(self) -> None:
        self._process.wait()
        # What the command left behind ends with it, as in a container.
        self.kill()
        os.close(self._process.lifeline)
        self._reader.join(LAST_LINES_SECONDS)
        self._finished.set()
