"""Runs a Typer command line and returns its exit status."""

from collections.abc import Sequence
from typing import cast

import typer
from typer import rich_utils


def run(
    app: typer.Typer,
    arguments: Sequence[str] | None = None,
    *,
    program: str | None = None,
    session: object = None,
) -> int:
    """Return what the command returned, or 2 after printing why the arguments cannot be read.

    `program` is its name in help and completion, by default as it was called. `session` is the
    `obj` of the command's context. Ctrl-C returns 130.
    """
    try:
        status = app(arguments, prog_name=program, standalone_mode=False, obj=session)
    except typer.TyperException as error:
        rich_utils.rich_format_error(error)  # type: ignore[arg-type] # ClickException is private
        return error.exit_code
    return cast("int | None", status) or 0
