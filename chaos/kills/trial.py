"""Runs a job to its end with its processor killed on the way, and compares what it published."""

import json
import random
import resource
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from chaos.command import Report
from chaos.kills.bench import Bench, Run
from chaos.kills.losses import Loss, lines_of, loss_of
from runtime.core.clock import Clock
from runtime.core.contract import ResultFile
from runtime.core.jobs import Source, State
from runtime.results.render.manifest import VARYING

MOST_KILLS = 3
"""After so many the next attempt is left alone, so that a run comes to an end."""

MOST_LOST_SECONDS = 60.0
TIMEOUT_SECONDS = 900.0
ENDING_SECONDS = 30.0
POLL_SECONDS = 0.1


@dataclass
class KillTotals(Report):
    """What happened in all runs; `usual_seconds` is what an undisturbed job took lately."""

    usual_seconds: float
    runs: int = 0
    kills: int = 0
    resumed: int = 0
    losses: list[Loss] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    @property
    def most_lost(self) -> Loss:
        """The worst kill."""
        return max(self.losses, key=lambda loss: loss.seconds, default=Loss(stage="", seconds=0.0))

    def __str__(self) -> str:
        worst = self.most_lost
        return (
            f"runs {self.runs}, kills {self.kills}, resumed from parts {self.resumed}, "
            f"most lost {worst.seconds:.1f} s ({worst.stage or 'nothing'}), "
            f"rules broken {len(self.violations)}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Runs one job repeatedly with kills; `say` prints a line for each run."""

    bench: Bench
    source: Source
    draw: random.Random
    say: Callable[[str], None]

    def undisturbed(self) -> tuple[dict[str, bytes], float]:
        """Return what an undisturbed job publishes, and the seconds it takes."""
        run = self.bench.fresh(self.source)
        began = self.bench.clock.monotonic()
        process, log = run.start()
        code = process.wait(TIMEOUT_SECONDS)
        took = self.bench.clock.monotonic() - began
        if code != 0:
            raise RuntimeError(f"the undisturbed job ended with {code}: {log.read_text()[-3000:]}")
        return self._comparable(), took

    def disturbed(self, number: int, expected: dict[str, bytes], to: KillTotals) -> None:
        """Kill and resume one job until it is done; add what was seen to the totals."""
        run = self.bench.fresh(self.source)
        kills = 0
        while True:
            meter = _Meter(self.bench.clock)
            process, log = run.start()
            spared = kills == MOST_KILLS
            limit = TIMEOUT_SECONDS if spared else self.draw.uniform(0.0, 1.1 * to.usual_seconds)
            ended = self._wait_or_kill(process, limit)
            lines = list(lines_of(log))
            to.resumed += any(line["action"] == "stage.continued" for line in lines)
            if ended is None:
                kills += 1
                lost = loss_of(lines, killed_at=self.bench.clock.now(), pace=meter.pace)
                to.losses.append(lost)
                if lost.seconds > MOST_LOST_SECONDS:
                    to.violations.append(f"run {number}: {lost.seconds:.0f} s of {lost.stage} lost")
                job = run.job
                # It may have ended when its processor was killed on the way out.
                if job is None or not job.ended:
                    continue
            elif ended == 0 and not kills:
                # The machine may be busier now, or less: kills are to hit all of a job.
                to.usual_seconds = meter.passed_seconds
            elif ended != 0:
                to.violations.append(f"run {number}: exit {ended}, see {log}")
            break
        to.runs += 1
        to.kills += kills
        broken = self._broken(number, run, expected)
        to.violations += broken
        self.say(f"run {number}: killed {kills} times" + ", broken" * bool(broken))

    def _wait_or_kill(self, process: "subprocess.Popen[bytes]", limit_seconds: float) -> int | None:
        """Return the exit status, or None after killing the process at the limit."""
        try:
            return process.wait(limit_seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return None

    def _broken(self, number: int, run: Run, expected: dict[str, bytes]) -> list[str]:
        job = run.job
        found = []
        if job is None or job.state is not State.SUCCEEDED:
            found.append(f"run {number}: the job is {job and job.state}")
        published = self._comparable()
        names = sorted(expected.keys() | published.keys())
        if differing := [name for name in names if expected.get(name) != published.get(name)]:
            found.append(f"run {number}: {', '.join(differing)} are not as undisturbed")
        if left := sorted(path.name for path in run.work_dir.iterdir()):
            found.append(f"run {number}: {', '.join(left)} left in the work folder")
        if alive := self._left_behind(run.folder):
            found.append(f"run {number}: still running: {', '.join(alive)}")
        return found

    def _left_behind(self, folder: Path) -> list[str]:
        """Return what still works below a folder; the kernel ends children in its own time."""
        clock = self.bench.clock
        latest = clock.monotonic() + ENDING_SECONDS
        while (alive := _processes_below(folder)) and clock.monotonic() < latest:
            clock.sleep(POLL_SECONDS)
        return alive

    def _comparable(self) -> dict[str, bytes]:
        """Return the published files that must not depend on the run; metrics do."""
        files = self.bench.published(self.source)
        if ResultFile.MANIFEST not in files:
            return {}
        same = {name: content for name, content in files.items() if name not in VARYING}
        return {**same, ResultFile.MANIFEST: _without_paths(files[ResultFile.MANIFEST])}


def _without_paths(manifest: bytes) -> bytes:
    """Return a manifest without the attempts that its files are from."""
    document = json.loads(manifest)
    for file in document["files"]:
        file.pop("path", None)
    return json.dumps(document).encode()


class _Meter:
    """Measures the share of a core that child processes had, from start to end."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = clock.monotonic()
        self._used_before = _used_seconds()

    @property
    def pace(self) -> float:
        """From 0 to 1: more than one core counts as one."""
        used = _used_seconds() - self._used_before
        return min(1.0, used / max(self.passed_seconds, 0.001))

    @property
    def passed_seconds(self) -> float:
        """The time since it began."""
        return self._clock.monotonic() - self._began


def _used_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _processes_below(folder: Path) -> list[str]:
    """Return the command lines of processes that work below a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            where = (process / "cwd").readlink()
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if where.is_relative_to(folder):
            found.append(command)
    return found
