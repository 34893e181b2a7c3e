import asyncio
from typing import Any

import pytest

from local.emulator.services.sqs_long_poll import cancel_on_disconnect

RECEIVE = {"type": "http", "headers": [(b"x-amz-target", b"AmazonSQS.ReceiveMessage")]}
OTHER = {"type": "http", "headers": [(b"x-amz-target", b"AmazonSQS.SendMessage")]}


class Poll:
    """An application that waits for a message, and the connection it is called on."""

    def __init__(self) -> None:
        self.message = asyncio.Event()
        self.waiting = asyncio.Event()
        self.received: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.received.put_nowait({"type": "http.request", "body": b"a", "more_body": True})
        self.received.put_nowait({"type": "http.request", "body": b"b"})
        self.body = b""
        self.taken = False

    async def __call__(self, _scope: Any, receive: Any, _send: Any) -> None:
        self.body = (await receive())["body"] + (await receive())["body"]
        self.waiting.set()
        await self.message.wait()
        self.taken = True

    async def run(self, scope: dict[str, Any]) -> None:
        async def send(_message: Any) -> None:
            """Nothing is looked at."""

        await cancel_on_disconnect(self)(scope, self.received.get, send)


@pytest.mark.parametrize("scope", [RECEIVE, OTHER])
def test_should_answer_a_client_that_stays(scope: dict[str, Any]) -> None:
    async def stay() -> Poll:
        poll = Poll()
        poll.message.set()
        await poll.run(scope)
        return poll

    poll = asyncio.run(stay())
    assert (poll.body, poll.taken) == (b"ab", True)


@pytest.mark.parametrize(("scope", "taken"), [(RECEIVE, False), (OTHER, True)])
def test_should_take_no_message_for_a_client_that_has_gone(
    scope: dict[str, Any],
    taken: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    async def leave() -> Poll:
        poll = Poll()
        running = asyncio.ensure_future(poll.run(scope))
        await poll.waiting.wait()
        poll.received.put_nowait({"type": "http.disconnect"})
        for _ in range(5):
            await asyncio.sleep(0)
        poll.message.set()
        await running
        return poll

    assert asyncio.run(leave()).taken is taken
