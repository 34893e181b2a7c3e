"""What the commands of this package share: how they read their command line and stop."""

import functools
import signal
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

import typer


def command_line(main: Callable[..., int]) -> typer.Typer:
    """Return the command line that a function's parameters describe; it exits with the result.

    A wrong command line exits with 2.
    """

    @functools.wraps(main)
    def command(*arguments: Any, **options: Any) -> NoReturn:
        raise typer.Exit(main(*arguments, **options))

    application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    application.command()(command)
    return application


def run_command(main: Callable[..., int], name: str) -> None:
    """Run a function by the command line of this process."""
    command_line(main)(prog_name=name)


def interrupt_on_sigterm() -> None:
    """Unwind on SIGTERM as on Ctrl-C, so that the cloud and its tasks are stopped."""
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
