"""What the commands that call the API share: the options that name it, and its client."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from lifestream.command_parameters import provided
from lifestream.session import session_of
from lifestream.view.console import Screen
from runtime.core.clock import SystemClock

if TYPE_CHECKING:
    from lifestream.remote.client import ApiClient

JobId = Annotated[str, typer.Argument(metavar="JOB", help="Its id.")]
_Api = Annotated[
    str | None, typer.Option("--api", envvar="LIFESTREAM_API", metavar="URL", help="The API.")
]
_Token = Annotated[
    str | None, typer.Option("--token", envvar="LIFESTREAM_TOKEN", help="An OIDC token.")
]
_Key = Annotated[str | None, typer.Option("--key", envvar="LIFESTREAM_API_KEY", help="An API key.")]


@contextmanager
def connected(api: str | None, token: str | None, key: str | None) -> "Iterator[ApiClient]":
    """Yield a client of the API that is named, else of the local one."""
    import httpx  # noqa: PLC0415 - commands on an account need no HTTP client

    from lifestream.remote.client import (  # noqa: PLC0415 - the same
        TIMEOUT_SECONDS,
        ApiClient,
        account,
    )

    signed_in = account(url=api, token=token, key=key)
    with httpx.Client(timeout=TIMEOUT_SECONDS) as http:
        yield ApiClient(signed_in, http, sleeper=SystemClock())


@contextmanager
def _calling(
    context: typer.Context, api: _Api = None, token: _Token = None, key: _Key = None
) -> "Iterator[tuple[ApiClient, Screen]]":
    with connected(api, token, key) as client:
        yield client, session_of(context).screen


calls_api = provided("client", "screen", by=_calling)
"""Decorates a command that is passed `client` and `screen` and has the API's options."""
