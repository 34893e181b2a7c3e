"""Runs workers of the package's examples against an agent, and judges what their jobs printed."""

import os
import queue
import random
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from runtime.protection.testing.endpoint import AgentEndpoint

PATIENCE_SECONDS = 300

Intervals = list[tuple[float, float | None]]

SCALED_TIME = """
from scale_in_guard import agent_client, facade, guard
import scale_in_guard as package

def scaled(**_):
    return package.Policy(
        name="scaled", check_interval_seconds=0.005, buffer_seconds=50.0, renew_at_seconds=59.99,
        lease_seconds=60.0, renewal_seconds=60.0, max_lease_seconds=3600.0,
        retry_base_seconds=0.01, retry_max_seconds=0.02, settle_seconds=0.05,
    )

guard.gap_free = package.gap_free = package.service = scaled
facade.HOUR = 30.0
agent_client.AgentClient.__init__.__kwdefaults__["timeout_seconds"] = 0.3
try:
    from scale_in_guard.bridges import sqs
    sqs.PAUSE_SECONDS = 0.01
    from scale_in_guard.bridges import dramatiq
    dramatiq.RETRY_MILLISECONDS = 10
except ImportError:
    pass
"""
"""Leases of a minute are renewed after a hundredth of a second, and other waits are as short.

Python runs it at its start as the module `sitecustomize`.
"""


def scaled_time(folder: Path) -> str:
    """Return an entry of `PYTHONPATH` with which the examples wait milliseconds for seconds."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(SCALED_TIME)
    return str(folder)


def inject_faults(agent: AgentEndpoint, *, refusal: bool) -> None:
    """Let the agent's first calls fail in each way; after a lost call the worker settles it."""
    agent.inject(calls=1, latency_seconds=0.05)
    agent.inject(calls=1, error=(500, "ServerException", "lost"), lands=True)
    agent.inject(calls=1, silent=True)
    agent.inject(calls=1, error=(400, "ThrottlingException", "slow down"))
    if refusal:
        agent.inject(calls=1, failure="DEPLOYMENT_BLOCKED")


def environment(agent: AgentEndpoint, *path: str, **more: str) -> dict[str, str]:
    """Return the whole environment of a worker; `path` is its `PYTHONPATH`."""
    found = {"PATH": os.environ["PATH"], "ECS_AGENT_URI": agent.uri, **more}
    return found | ({"PYTHONPATH": ":".join(path)} if path else {})


def jobs(said: str) -> Intervals:
    """Return when each job began and ended, None for one that was cut."""
    # Not by lines: what several threads print at once may share one.
    begins, ends = (
        [float(at) for at in re.findall(rf"{word} (\d+\.\d+)", said)] for word in ("begin", "end")
    )
    return [(begin, ends[at] if at < len(ends) else None) for at, begin in enumerate(begins)]


def assert_protected(agent: AgentEndpoint, found: Intervals, *, least: int) -> None:
    assert len(found) >= least
    for begin, end in found:
        assert end is not None, "a job was cut"
        assert agent.gaps(begin, end) == []


def assert_renewed(agent: AgentEndpoint) -> None:
    """Assert that protection in force was granted again: once is what a lost answer leads to."""
    renewals = [
        later
        for earlier, later in pairwise(agent.changes)
        if earlier.until > later.at and later.until > later.at
    ]
    assert len(renewals) > 1


@dataclass
class Worker:
    """A running worker; `said` is what it has printed."""

    process: "subprocess.Popen[str]"
    said: str = ""
    lines: "queue.SimpleQueue[str]" = field(default_factory=queue.SimpleQueue)

    def read_until(self, enough: Callable[[str], bool]) -> None:
        """Read on until `enough(said)`; an `AssertionError` has what was said instead."""
        latest = time.monotonic() + PATIENCE_SECONDS
        while not enough(self.said):
            try:
                line = self.lines.get(timeout=max(0.0, latest - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"timeout after: {self.said}") from None
            assert line, f"it ended after: {self.said}"
            self.said += line

    def read_jobs(self, number: int) -> None:
        """Read until so many jobs have ended."""
        self.read_until(lambda said: said.count("end ") >= number)

    def stop_when_unprotected(self, agent: AgentEndpoint, *, seed: str) -> None:
        """Scale in all the time, and stop the worker where the agent permits it; read the rest."""
        draw = random.Random(seed)  # noqa: S311 - a seed
        while self.process.poll() is None and not agent.scale_in():
            time.sleep(draw.uniform(0.0005, 0.005))
        self.process.terminate()
        self.process.wait(PATIENCE_SECONDS)
        while line := self.lines.get(timeout=PATIENCE_SECONDS):
            self.said += line


@contextmanager
def working(command: Sequence[str | Path], env: dict[str, str], cwd: Path) -> Iterator[Worker]:
    """Run a worker and read what it prints until it ends; kill it when the context ends."""
    with subprocess.Popen(
        command, env=env, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        worker = Worker(process)

        def read() -> None:
            assert process.stdout
            for line in process.stdout:
                worker.lines.put(line)
            worker.lines.put("")

        reader = threading.Thread(target=read)
        reader.start()
        try:
            yield worker
        finally:
            process.kill()
            reader.join(PATIENCE_SECONDS)


def wait_until(condition: Callable[[], bool]) -> None:
    latest = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < latest, "timeout"
        time.sleep(0.005)
