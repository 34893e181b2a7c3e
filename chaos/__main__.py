"""`python -m chaos --jobs 200 --seed 7`: inject faults everywhere and count broken promises."""

import sys
from typing import Annotated

import typer

from chaos.command import FolderOption, OtherOption, OutageOption, report_run
from chaos.outages import outage_run_seconds
from chaos.run import JobRunSize, run
from chaos.system import Budgets
from lifestream import command_line

SECONDS_FOR_A_JOB = 15.0
SECONDS_FOR_ALL = 180.0

app = typer.Typer(help=__doc__, add_completion=False)


@app.command()
def chaos(
    *,
    jobs: Annotated[int, typer.Option(help="Videos to process.")] = 20,
    seed: Annotated[int, typer.Option(help="Selects the faults and their places.")] = 7,
    in_flight: Annotated[int, typer.Option(help="Videos at a time.")] = 10,
    bound: Annotated[float, typer.Option(help="Seconds in which each job must end.")] = 240.0,
    limit: Annotated[
        float | None, typer.Option(help="Seconds for the whole run; by default by its jobs.")
    ] = None,
    budgets: Annotated[
        Budgets, typer.Option(help="Runs and receives as in production, or few with a redrive.")
    ] = Budgets.PRODUCTION,
    outage: OutageOption = 0.0,
    other: OtherOption = None,
    folder: FolderOption = None,
) -> int:
    """Inject faults everywhere; the exit status is 0 when no promise was broken."""
    extra = outage_run_seconds(outage)
    size = JobRunSize(
        jobs=jobs,
        seed=seed,
        # The uploads of a run with outages have their times; none waits for another.
        in_flight=jobs if outage else in_flight,
        bound_seconds=bound + extra,
        limit_seconds=limit or SECONDS_FOR_ALL + SECONDS_FOR_A_JOB * jobs + extra,
        budgets=budgets,
        outage_seconds=outage,
        other_version=other,
    )
    return report_run(lambda place, say: run(size, place, say), folder)


if __name__ == "__main__":
    sys.exit(command_line.run(app))
