"""Commands over HTTP as typed, with the real application."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from lifestream.cli import main
from lifestream.commands import api_command
from lifestream.remote.client import Account, ApiClient
from tests.fakes.clock import FakeClock
from tests.unit.api.world import BUCKET, World

Run = Callable[..., int]


def typed(world: World, monkeypatch: pytest.MonkeyPatch, group: str) -> Run:
    """Return what runs a command of a group, which then reaches the world's API."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host != "api.example.test":
            assert "authorization" not in request.headers
            key = request.url.path[request.url.path.index("results/") :]
            return httpx.Response(200, content=world.objects.read_bytes(BUCKET, key))
        got = world.client.request(
            request.method,
            str(request.url.copy_with(scheme="http", host="testserver", port=None)),
            content=request.read(),
            headers={k: v for k, v in request.headers.items() if k != "host"},
        )
        headers = {k: v for k, v in got.headers.items() if k == "location"}
        return httpx.Response(
            got.status_code, content=got.content, headers=headers, request=request
        )

    @contextmanager
    def connected(*_: Any) -> Iterator[ApiClient]:
        account = Account(url="http://api.example.test", token=world.token())
        with httpx.Client(transport=httpx.MockTransport(answer)) as http:
            yield ApiClient(account, http, sleeper=FakeClock())

    monkeypatch.setattr(api_command, "connected", connected)
    return lambda *arguments: main([group, *arguments])
