"""Gap (1.5.33, local): load balancers answer at the AWS port and buffer; real ports, any stream.

Each service behind a load balancer has a port of this machine, its front door. A connection goes
to one of the service's tasks that serve, in turn, and is passed on byte by byte: event streams,
sockets and uploads behave as they do on AWS. TLS, rules by host and the firewall are AWS's alone.
A door `NAME:test` follows the service's test listener rule, the door `NAME` that for production.
Where the service is a function, its front door leads to its gateway instead.
"""

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ministack import app
from ministack.services import apigateway

from local.emulator.ecs.daemon import ProcessDaemon
from local.emulator.load_balancing.doors import TEST
from local.emulator.load_balancing.request_metrics import count, status_class
from local.emulator.load_balancing.targets import Target, serving_targets
from local.emulator.patching import around
from local.emulator.settings import HOST
from runtime.core.contract import SERVICE_NAME

CHUNK_BYTES = 1 << 16
NO_TARGET = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Content-Type: text/plain\r\nContent-Length: 30\r\nConnection: close\r\n\r\n"
    b"No task of the service serves\n"
)

END_OF_HEAD = b"\r\n\r\n"
CLOSE = b"Connection: close"

Targets = Callable[[], Sequence[int]]
"""Returns the ports of the tasks that serve."""

Answered = Callable[[int, int], None]
"""Gets the port of a task that has answered, and the hundreds of the HTTP status."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where API Gateway answers, and the path below which one of its APIs does."""

    port: int
    path: str

    def led_here(self, head: bytes) -> bytes:
        """Return the head of a request for this API alone: its connection ends with the answer.

        By its path, not its host: the emulator answers some paths of any host itself.
        """
        first, *lines = head.split(b"\r\n")
        method, path, version = first.split(b" ", maxsplit=2)
        kept = [line for line in lines if not line.lower().startswith(b"connection:")]
        led = b" ".join([method, self.path.encode() + path, version])
        return b"\r\n".join([led, CLOSE, *kept])


class FrontDoor:
    """Passes connections on to the targets in turn, else to the gateway; without any, answers 503.

    `gateway` returns the one that a function has.
    """

    def __init__(
        self,
        targets: Targets,
        gateway: Callable[[], Gateway | None] = lambda: None,
        answered: Answered = lambda _port, _hundreds: None,
    ) -> None:
        self._targets = targets
        self._gateway = gateway
        self._answered = answered
        self._turn = itertools.count()

    async def open(self, port: int) -> asyncio.Server:
        """Accept connections at a port of the loopback interface."""
        return await asyncio.start_server(self._serve, HOST, port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client or a task that left: asyncio reports some of it as a plain `OSError`.
        with contextlib.suppress(OSError):
            target = await self._connect()
            gateway = self._gateway() if target is None else None
            if gateway is not None:
                await _through(gateway, reader, writer)
            elif target is None:
                # Closing with the request unread would reset the connection, and lose the answer.
                await reader.read(CHUNK_BYTES)
                writer.write(NO_TARGET)
                await writer.drain()
            else:
                port, from_task, to_task = target
                await _join(reader, writer, from_task, to_task, partial(self._look, port))
        writer.close()

    def _look(self, port: int, answer: bytes) -> None:
        hundreds = status_class(answer)
        if hundreds is not None:
            self._answered(port, hundreds)

    async def _connect(self) -> tuple[int, asyncio.StreamReader, asyncio.StreamWriter] | None:
        ports = self._targets()
        first = next(self._turn)
        for number in range(len(ports)):
            port = ports[(first + number) % len(ports)]
            with contextlib.suppress(OSError):
                return port, *await asyncio.open_connection(HOST, port)
        return None


async def _through(
    gateway: Gateway, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Pass one request on to a gateway, which answers by the host name."""
    try:
        head = await reader.readuntil(END_OF_HEAD)
    except asyncio.IncompleteReadError:
        return  # The client left, or only looked whether the port is open.
    from_gateway, to_gateway = await asyncio.open_connection(HOST, gateway.port)
    to_gateway.write(gateway.led_here(head))
    await _join(reader, writer, from_gateway, to_gateway)


async def _join(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    from_task: asyncio.StreamReader,
    to_task: asyncio.StreamWriter,
    look: Callable[[bytes], None] = lambda _first: None,
) -> None:
    """Copy both directions until the task has closed, or the client is gone.

    `look` gets the beginning of the first answer.
    """
    up = asyncio.create_task(_copy(reader, to_task))
    try:
        await _copy(from_task, writer, look)
    finally:
        up.cancel()
        to_task.close()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await up


async def _copy(
    source: asyncio.StreamReader,
    sink: asyncio.StreamWriter,
    look: Callable[[bytes], None] | None = None,
) -> None:
    while data := await source.read(CHUNK_BYTES):
        if look is not None:
            look(data)
            look = None
        sink.write(data)
        await sink.drain()
    if sink.can_write_eof():
        sink.write_eof()


class Route:
    """The targets of a front door, of which it remembers the last, and the count of requests."""

    def __init__(self, daemon: ProcessDaemon, door: str) -> None:
        self._daemon = daemon
        self._name, _, listener = door.partition(":")
        self._test = listener == TEST
        self._known: dict[int, Target] = {}

    def ports(self) -> list[int]:
        """Return the ports of the tasks that get the door's requests now."""
        targets = serving_targets(self._daemon, self._name, test=self._test)
        self._known = {target.port: target for target in targets}
        return list(self._known)

    def answered(self, port: int, hundreds: int) -> None:
        """Count an answer of a target."""
        target = self._known.get(port)
        if target is not None:
            count(target, hundreds)


def gateway_of(name: str, port: int) -> Gateway | None:
    """Return the gateway of the function `lifestream-NAME-...`, if there is one."""
    for (_account, _region, api_id), api in list(apigateway._apis.all_items()):
        if str(api["name"]).startswith(f"{SERVICE_NAME}-{name}-"):
            return Gateway(port, f"/_aws/execute-api/{api_id}/$default")
    return None


def install(daemon: ProcessDaemon, doors: Mapping[str, int], *, gateway_port: int) -> None:
    """Open a front door for each service, by the name of its container, on a thread of its own."""

    @around(app, "_resolve_custom_domain_request")
    def resolve(original: Callable[[str, str], object], host: str, path: str) -> object:
        # A domain of API Gateway that is this machine would take every call to AWS for its own.
        return None if host.partition(":")[0] == HOST else original(host, path)

    if not doors:
        return
    ready = threading.Event()

    async def serve() -> None:
        for name, port in doors.items():
            route = Route(daemon, name)
            gateway = partial(gateway_of, name, gateway_port)
            await FrontDoor(route.ports, gateway, route.answered).open(port)
        ready.set()
        await asyncio.Event().wait()

    threading.Thread(target=lambda: asyncio.run(serve()), name="front-doors", daemon=True).start()
    if not ready.wait(timeout=10):
        raise OSError(f"A port of {dict(doors)} is taken by another program.")
