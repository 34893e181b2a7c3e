"""Gap (1.5.33, upstream): a long poll receives messages for a client that has disconnected."""

import asyncio
from collections.abc import Sequence
from typing import Any

from local.emulator.asgi import Application

RECEIVE = b"AmazonSQS.ReceiveMessage"
TARGET = b"x-amz-target"
DISCONNECTED = "http.disconnect"

Message = dict[str, Any]


def cancel_on_disconnect(application: Application) -> Application:
    """Return an application that cancels a ReceiveMessage when its connection is closed."""

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        if (TARGET, RECEIVE) not in scope.get("headers", ()):
            await application(scope, receive, send)
            return
        read: list[Message] = []
        while not read or read[-1].get("more_body"):
            read.append(await receive())
        gone = asyncio.ensure_future(_disconnection(receive))
        work = asyncio.ensure_future(application(scope, _again(read, gone), send))
        await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
        if not work.done():
            work.cancel()
        await asyncio.gather(work, gone, return_exceptions=True)

    return watched


async def _disconnection(receive: Any) -> Message:
    while True:
        message: Message = await receive()
        if message["type"] == DISCONNECTED:
            return message


def _again(read: Sequence[Message], gone: "asyncio.Future[Message]") -> Any:
    """Return what an application receives from: what was read already, then the disconnection."""
    messages = iter(read)

    async def receive() -> Message:
        for message in messages:
            return message
        return await asyncio.shield(gone)

    return receive
