"""The command line: its groups of commands, and how a failure is reported."""

from collections.abc import Sequence
from contextlib import closing
from typing import Annotated

import typer

from lifestream import command_line
from lifestream.commands import (
    dead_letters,
    doctor,
    edits,
    erasure,
    jobs,
    preflight,
    protect,
    remote,
    score,
    voices,
)
from lifestream.commands.restore_drill import restore_drill
from lifestream.session import DEFAULT_ENVIRONMENT, Session, session_of
from runtime.core.contract import EnvVar
from runtime.core.errors import LifestreamError

INTERRUPTED = 130

DESCRIPTION = """\
Look after an environment of Lifestream: its jobs, its dead letters, its health.

The account and the region are those of the usual AWS variables (AWS_PROFILE, AWS_REGION, ...);
with AWS_ENDPOINT_URL the commands work on the local cloud instead. The environment's resources are
found by the outputs of its stacks.
"""

EXAMPLES = """\
examples:

python -m lifestream jobs list --state RUNNING FAILED

python -m lifestream --environment prod dlq redrive --all

python -m lifestream doctor --environment prod --json

exit status: 0 success; 1 something is wrong or was refused; 2 the command line cannot be read.
docs/operations.md describes what each command does to a job.
"""

app = typer.Typer(help=DESCRIPTION, epilog=EXAMPLES)
erasure.add_to(jobs.app)
for group in (jobs, dead_letters, remote, edits, voices):
    app.add_typer(group.app)
app.command("upload")(remote.upload)
app.command("erase")(erasure.erase_owner)
app.command("doctor")(doctor.examine)
app.command("preflight")(preflight.examine)
app.command("protect")(protect.protect_stacks)
app.command("restore-drill")(restore_drill)
app.command("score")(score.score)


@app.callback()
def choose(
    context: typer.Context,
    environment: Annotated[
        str,
        typer.Option(
            "--environment",
            "-e",
            metavar="NAME",
            envvar=EnvVar.ENVIRONMENT,
            help="dev, staging, prod, ...",
        ),
    ] = DEFAULT_ENVIRONMENT,
) -> None:
    """Choose the environment."""
    session_of(context, environment)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    with closing(Session()) as session:
        try:
            status = command_line.run(app, arguments, program="lifestream", session=session)
        except LifestreamError as error:
            session.screen.note(f"{error.summary} [{error.code}]")
            session.screen.note(error.resolution)
            return 1
        if status == INTERRUPTED:
            session.screen.note("Stopped.")
        return status
