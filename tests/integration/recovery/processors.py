"""The processes behind a local cloud's tasks, to be killed or stopped as machines do it."""

import os
import signal
from pathlib import Path

import pytest

from local.deployed import Deployed, job_store
from runtime.core.contract import ENTRY_POINT, PROCESSOR_COMMAND, EnvVar
from runtime.core.jobs import Job, Source, State
from tests.integration.cloud.waiting import until

PROC = Path("/proc")


class Processors:
    """Finds the process of a job's attempt by what its environment and command line say."""

    def __init__(self, deployed: Deployed) -> None:
        if not PROC.is_dir():
            pytest.skip("processes are found by /proc, which this system does not have")
        self._jobs = job_store(deployed)
        self._stopped: set[int] = set()

    def running(self, source: Source, *, attempt: int = 1) -> int:
        """Wait until an attempt reports, and return its process."""

        def look() -> tuple[Job, int] | None:
            job = self._jobs.get(source.job_id)
            if job is None or job.state is not State.RUNNING or job.attempt != attempt:
                return None
            pid = _process(source.job_id, attempt)
            return None if pid is None else (job, pid)

        _, pid = until(look, f"attempt {attempt} runs")
        return pid

    def kill(self, source: Source) -> None:
        """Kill the first attempt without warning, as a machine that is lost."""
        os.kill(self.running(source), signal.SIGKILL)

    def stop(self, source: Source) -> int:
        """Make the first attempt hang, alive; return its process."""
        pid = self.running(source)
        os.kill(pid, signal.SIGSTOP)
        self._stopped.add(pid)
        return pid

    def resume(self, pid: int) -> None:
        """Let a process that hung go on."""
        os.kill(pid, signal.SIGCONT)
        self._stopped.discard(pid)

    def resume_all(self) -> None:
        """Let every process that hung go on."""
        for pid in list(self._stopped):
            self.resume(pid)


def _process(job_id: str, attempt: int) -> int | None:
    marks = {f"{EnvVar.JOB_ID}={job_id}".encode(), f"{EnvVar.JOB_ATTEMPT}={attempt}".encode()}
    command = [part.encode() for part in (*ENTRY_POINT, *PROCESSOR_COMMAND)]
    for folder in PROC.iterdir():
        try:
            if not folder.name.isdigit() or not marks <= _entries(folder / "environ"):
                continue
            if (folder / "cmdline").read_bytes().split(b"\0")[: len(command)] == command:
                return int(folder.name)
        except OSError:
            continue  # it has ended, or is another user's
    return None


def _entries(path: Path) -> set[bytes]:
    return set(path.read_bytes().split(b"\0"))
