"""What the commands that call the API share: the options that name it, and its client."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from lifestream.command_parameters import provided
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


def _client(
    api: _Api = None, token: _Token = None, key: _Key = None
) -> "AbstractContextManager[ApiClient]":
    return connected(api, token, key)


calls_api = provided("client", _client)
"""Decorates a command that is passed `client` and has the API's options."""
