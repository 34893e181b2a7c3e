"""Runs a Typer command line and returns its exit status."""

from collections.abc import Sequence

import typer
from typer import rich_utils


def run(
    app: typer.Typer, arguments: Sequence[str] | None = None, *, session: object = None
) -> int:
    """Return what the command returned, or 2 after printing why the arguments cannot be read.

    `session` is the `obj` of the command's context. Ctrl-C returns 130.
    """
    try:
        return app(arguments, standalone_mode=False, obj=session) or 0
    except typer.TyperException as error:
        rich_utils.rich_format_error(error)
        return error.exit_code
