"""The front door of a service: which task or gateway gets a connection, and what it is sent."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from local.emulator.load_balancing.front_doors import FrontDoor, Gateway
from local.emulator.settings import HOST
from local.ports import free_port

REQUEST = (
    b"GET /v1/me HTTP/1.1\r\nHost: any.example.test\r\nX-Any: 1\r\nConnection: keep-alive\r\n\r\n"
)


@asynccontextmanager
async def answering(name: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Yield the port of a server that answers once with its name, and the requests it got."""
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(name)
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    async with server:
        yield server.sockets[0].getsockname()[1], got


async def ask(port: int) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(REQUEST)
    answer = await reader.read()
    writer.close()
    return answer


def through(
    door: FrontDoor, act: Callable[[int], Awaitable[None]]
) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        port = free_port()
        async with await door.open(port):
            await act(port)

    return run


def test_should_lead_to_the_tasks_in_turn_and_change_nothing() -> None:
    async def scenario() -> None:
        async with answering(b"one") as (first, got), answering(b"two") as (second, _):

            async def act(port: int) -> None:
                assert sorted([await ask(port), await ask(port)]) == [b"one", b"two"]

            await through(FrontDoor(lambda: [first, second]), act)()
            assert got == [REQUEST]

    asyncio.run(scenario())


def test_should_pass_over_a_task_that_is_gone() -> None:
    async def scenario() -> None:
        async with answering(b"alive") as (alive, _):

            async def act(port: int) -> None:
                assert [await ask(port) for _ in range(2)] == [b"alive"] * 2

            await through(FrontDoor(lambda: [free_port(), alive]), act)()

    asyncio.run(scenario())


def test_should_answer_503_while_nothing_serves() -> None:
    async def act(port: int) -> None:
        assert (await ask(port)).startswith(b"HTTP/1.1 503 ")

    asyncio.run(through(FrontDoor(list), act)())  # type: ignore[arg-type]


def test_should_lead_to_the_gateway_of_a_function_by_its_path() -> None:
    async def scenario() -> None:
        async with answering(b"function") as (gateway, got):

            async def act(port: int) -> None:
                assert await ask(port) == b"function"

            await through(FrontDoor(list, lambda: Gateway(gateway, "/gateways/any")), act)()
            (sent,) = got
            assert sent.split(b"\r\n")[:2] == [
                b"GET /gateways/any/v1/me HTTP/1.1",
                # Else the next request of the connection would go out with the wrong path.
                b"Connection: close",
            ]
            assert b"X-Any: 1" in sent
            assert b"keep-alive" not in sent

    asyncio.run(scenario())
