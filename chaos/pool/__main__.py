"""`python -m chaos.pool --jobs 50`: stop a pool's workers all the time and count the damage."""

import sys
from typing import Annotated, Literal

import typer

from chaos.command import FolderOption, OtherOption, OutageOption, report_run
from chaos.outages import outage_run_seconds
from chaos.pool.run import PoolSize, run
from lifestream import command_line

SECONDS_FOR_A_JOB = 15.0
SECONDS_FOR_ALL = 120.0

app = typer.Typer(help=__doc__, add_completion=False)


@app.command()
def pool(
    *,
    jobs: Annotated[int, typer.Option(help="Videos to process.")] = 50,
    seed: Annotated[int, typer.Option(help="Selects the desired counts and their times.")] = 7,
    in_flight: Annotated[int, typer.Option(help="Videos at a time.")] = 8,
    deployments: Annotated[int, typer.Option(help="How often all workers are replaced.")] = 2,
    protection: Literal["on", "off"] = "on",
    outage: OutageOption = 0.0,
    limit: Annotated[float | None, typer.Option(help="Seconds for all jobs.")] = None,
    other: OtherOption = None,
    folder: FolderOption = None,
) -> int:
    """Stop workers all the time; the exit status is 0 when no promise was broken."""
    size = PoolSize(
        jobs=jobs,
        seed=seed,
        # The uploads of a run with outages have their times; none waits for another.
        in_flight=jobs if outage else in_flight,
        deployments=deployments,
        protection=protection == "on",
        limit_seconds=limit
        or SECONDS_FOR_ALL + SECONDS_FOR_A_JOB * jobs + outage_run_seconds(outage),
        outage_seconds=outage,
        other_version=other,
    )
    return report_run(lambda place, say: run(size, place, say), folder)


if __name__ == "__main__":
    sys.exit(command_line.run(app))
