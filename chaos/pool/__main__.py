"""`python -m chaos.pool --jobs 50`: stop a pool's workers all the time, and see what it costs."""

import argparse
import signal
import sys
from pathlib import Path

from chaos.__main__ import say, stop_like_ctrl_c, told
from chaos.pool.run import PoolSize, run

SECONDS_FOR_A_JOB = 15.0
SECONDS_FOR_ALL = 120.0


def main(arguments: list[str] | None = None) -> int:
    """Run once; the exit status is 0 when no promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m chaos.pool", description=__doc__)
    parser.add_argument("--jobs", type=int, default=50, help="videos to process")
    parser.add_argument("--seed", type=int, default=7, help="how many workers are wanted, when")
    parser.add_argument("--in-flight", type=int, default=8, help="videos at a time")
    parser.add_argument("--deployments", type=int, default=2, help="how often all are replaced")
    parser.add_argument("--protection", choices=("on", "off"), default="on")
    parser.add_argument("--limit", type=float, help="seconds for all jobs")
    parser.add_argument("--folder", type=Path, help="where to leave the logs")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, stop_like_ctrl_c)
    size = PoolSize(
        jobs=given.jobs,
        seed=given.seed,
        in_flight=given.in_flight,
        deployments=given.deployments,
        protection=given.protection == "on",
        limit_seconds=given.limit or SECONDS_FOR_ALL + SECONDS_FOR_A_JOB * given.jobs,
    )
    return told(lambda folder: run(size, folder, say), given.folder)


if __name__ == "__main__":
    sys.exit(main())
