"""`python -m chaos --jobs 200 --seed 7`: break everything, and see whether anything was lost."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import NoReturn, Protocol

from chaos.run import RunSize, run

BOUND_SECONDS = 150.0
SECONDS_FOR_A_JOB = 15.0
SECONDS_FOR_ALL = 180.0


def main(arguments: list[str] | None = None) -> int:
    """Run once; the exit status is 0 when no promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--jobs", type=int, default=20, help="videos to process")
    parser.add_argument("--seed", type=int, default=7, help="what goes wrong, and where")
    parser.add_argument("--in-flight", type=int, default=6, help="videos at a time")
    parser.add_argument(
        "--bound", type=float, default=BOUND_SECONDS, help="seconds in which each job must end"
    )
    parser.add_argument(
        "--limit", type=float, help="seconds for the whole run; by default they grow with the jobs"
    )
    parser.add_argument("--folder", type=Path, help="where to leave plan, faults and logs")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, stop_like_ctrl_c)
    size = RunSize(
        jobs=given.jobs,
        seed=given.seed,
        in_flight=given.in_flight,
        bound_seconds=given.bound,
        limit_seconds=given.limit or SECONDS_FOR_ALL + SECONDS_FOR_A_JOB * given.jobs,
    )
    return told(lambda folder: run(size, folder, say), given.folder)


class Outcome(Protocol):
    """What a run says at its end."""

    @property
    def violations(self) -> Iterable[object]:
        """Each broken promise, in words."""
        ...

    @property
    def kept(self) -> bool:
        """Whether every promise was kept."""
        ...


def told(run: Callable[[Path], Outcome], folder: Path | None) -> int:
    """Run in `folder`, by default a new one, say how it ended, and return the exit status."""
    folder = folder or Path(tempfile.mkdtemp(prefix="lifestream-chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        verdict = run(folder.absolute())
    except KeyboardInterrupt:
        say("Stopped; nothing is left running.")
        return 130
    for violation in verdict.violations:
        say(str(violation))
    say(str(verdict))
    return 0 if verdict.kept else 1


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def stop_like_ctrl_c(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Unwind on SIGTERM as on Ctrl-C."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
