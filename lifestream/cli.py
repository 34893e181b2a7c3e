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
app.add_typer(
    jobs.app,
    name="jobs",
    help="List, show, trace, watch, cancel, retry, reprocess, hold and delete jobs.",
)
erasure.add_to(jobs.app)
app.add_typer(
    dead_letters.app,
    name="dlq",
    help="List, show, redrive and purge the messages that could not be dispatched.",
)
app.add_typer(
    remote.app,
    name="api",
    help="List, show, watch, cancel, retry, reprocess and delete your jobs by the API.",
)
app.add_typer(
    edits.app,
    name="edits",
    help="Correct a job's results by the API: words, speakers, titles; undo, revisions, files.",
)
app.add_typer(
    voices.app,
    name="voices",
    help="List, enrol, propose and erase known voices by the API.",
)
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
