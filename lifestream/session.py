"""What the commands share: one session with its screen and clients, and their common options."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Annotated

import typer

from lifestream import adapters
from lifestream.adapters import Clients
from lifestream.command_parameters import provided
from lifestream.ports import Operations
from lifestream.view.console import Screen

DEFAULT_ENVIRONMENT = "dev"


class Session:
    """One call of the command line: its screen, its AWS clients, its environment."""

    def __init__(
        self,
        screen: Screen | None = None,
        *,
        find: Callable[[Clients, str], Operations] = adapters.operations,
        connect: Callable[[], Clients] = adapters.clients_of_this_process,
    ) -> None:
        self.screen = screen or Screen()
        self.environment = DEFAULT_ENVIRONMENT
        self._find = find
        self._connect = connect

    @cached_property
    def aws(self) -> Clients:
        """SDK clients, made on first use."""
        return self._connect()

    def close(self) -> None:
        """Close the clients' connections, if there are any."""
        if "aws" in self.__dict__:
            self.aws.close()

    def operations(self) -> Operations:
        """Return the environment to work on; raise `Permanent` if there is none."""
        with self.screen.busy(f"Finding {self.environment} in {self.aws.place}"):
            return self._find(self.aws, self.environment)


EnvironmentOption = Annotated[
    str | None,
    typer.Option(
        "--environment", "-e", metavar="NAME", help="As before the command.", show_default=False
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def session_of(context: typer.Context, environment: str | None = None) -> Session:
    """Return the session of a command, for the environment that was named last."""
    session: Session = context.ensure_object(Session)
    session.environment = environment or session.environment
    return session


@contextmanager
def _session(context: typer.Context, environment: EnvironmentOption = None) -> Iterator[Session]:
    yield session_of(context, environment)


@contextmanager
def _opened(
    context: typer.Context, environment: EnvironmentOption = None
) -> Iterator[tuple[Operations, Screen]]:
    session = session_of(context, environment)
    yield session.operations(), session.screen


in_session = provided("session", by=_session)
"""Decorates a command that is passed `session` and has the option of its environment."""

on_environment = provided("operations", "screen", by=_opened)
"""Decorates a command that works on its environment: it is passed `operations` and `screen`."""
