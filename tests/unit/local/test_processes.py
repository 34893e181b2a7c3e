import signal
import subprocess
import sys

from local.ports import free_port
from local.processes import answers, end

DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); input()"


def started(code: str) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_should_end_a_process_by_sigterm() -> None:
    with started("print(flush=True); input()") as process:
        assert end(process, 60) == -signal.SIGTERM
        assert end(process, 60) == -signal.SIGTERM


def test_should_kill_a_process_that_does_not_end_in_time() -> None:
    with started(DEAF) as process:
        assert end(process, 0.1) == -signal.SIGKILL


def test_should_know_that_nothing_answers() -> None:
    assert not answers(f"http://127.0.0.1:{free_port()}/")
