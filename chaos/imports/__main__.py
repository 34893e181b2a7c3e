"""`python -m chaos.imports`: stop instances while they import; count what is lost or doubled."""

import sys
from typing import Annotated, Literal

import typer

from chaos.command import FolderOption, report_run
from chaos.imports.run import Size, run
from lifestream import command_line

app = typer.Typer(help=__doc__, add_completion=False)


@app.command()
def imports(
    *,
    count: Annotated[int, typer.Option("--jobs", help="Files to import.")] = 40,
    instances: Annotated[int, typer.Option(help="Instances of the API.")] = 3,
    seed: Annotated[int, typer.Option(help="Selects faults and their times.")] = 7,
    deployments: Annotated[int, typer.Option(help="How often all instances are replaced.")] = 2,
    protection: Literal["on", "off"] = "on",
    limit: Annotated[float, typer.Option(help="Seconds of faults, and for the rest.")] = 240.0,
    folder: FolderOption = None,
) -> int:
    """Stop instances all the time; the exit status is 0 when no promise was broken."""
    size = Size(
        imports=count,
        instances=instances,
        seed=seed,
        deployments=deployments,
        seconds=limit,
        protection=protection == "on",
    )
    return report_run(lambda place, say: run(size, place, say), folder)


if __name__ == "__main__":
    sys.exit(command_line.run(app))
