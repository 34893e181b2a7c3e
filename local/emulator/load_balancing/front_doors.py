"""Gap (1.5.33, local): load balancers answer at the AWS port and buffer; real ports, any stream.

Each service behind a load balancer has a port of this machine, its front door. A connection goes
to one of the service's tasks that serve, in turn, and is passed on byte by byte: event streams,
sockets and uploads behave as they do on AWS. TLS, rules by host and the firewall are AWS's alone.
"""

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Callable, Mapping, Sequence

from ministack.core.responses import request_scope
from ministack.services import ecs

from local.emulator.ecs.daemon import ProcessDaemon
from local.emulator.ecs.service_scheduler import is_serving, live_tasks
from local.emulator.settings import HOST

CHUNK_BYTES = 1 << 16
NO_TARGET = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Content-Type: text/plain\r\nContent-Length: 30\r\nConnection: close\r\n\r\n"
    b"No task of the service serves\n"
)

Targets = Callable[[], Sequence[int]]
"""Returns the ports of the tasks that serve."""


class FrontDoor:
    """Passes connections on to the targets in turn; without any, answers 503."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        self._turn = itertools.count()

    async def open(self, port: int) -> asyncio.Server:
        """Accept connections at a port of the loopback interface."""
        return await asyncio.start_server(self._serve, HOST, port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            target = await self._connect()
            if target is None:
                writer.write(NO_TARGET)
                await writer.drain()
            else:
                await _join(reader, writer, *target)
        writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        ports = self._targets()
        first = next(self._turn)
        for number in range(len(ports)):
            port = ports[(first + number) % len(ports)]
            with contextlib.suppress(OSError):
                return await asyncio.open_connection(HOST, port)
        return None


async def _join(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    from_task: asyncio.StreamReader,
    to_task: asyncio.StreamWriter,
) -> None:
    """Copy both directions until the task has closed, or the client is gone."""
    up = asyncio.create_task(_copy(reader, to_task))
    try:
        await _copy(from_task, writer)
    finally:
        up.cancel()
        to_task.close()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await up


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(CHUNK_BYTES):
        sink.write(data)
        await sink.drain()
    if sink.can_write_eof():
        sink.write_eof()


def serving_ports(daemon: ProcessDaemon, name: str) -> list[int]:
    """Return the ports of this machine at which tasks with that container serve, oldest first."""
    ports: list[int] = []
    for (account, region, _key), service in list(ecs._services.all_items()):
        for balanced in service.get("loadBalancers") or ():
            if service["status"] != "ACTIVE" or balanced.get("containerName") != name:
                continue
            with request_scope(account, region):
                tasks = [task for task in live_tasks(service) if is_serving(task)]
            for task in sorted(tasks, key=lambda each: str(each["createdAt"])):
                port = _published(daemon, task, name, int(balanced["containerPort"]))
                ports += [port] if port else []
    return ports


def _published(daemon: ProcessDaemon, task: Mapping[str, object], name: str, port: int) -> int:
    containers, ids = task["containers"], task.get("_docker_ids") or ()
    for described, identifier in zip(containers, ids, strict=False):  # type: ignore[call-overload]
        if described["name"] == name:
            return daemon.containers.get(identifier).published.get(port, 0)
    return 0


def install(daemon: ProcessDaemon, doors: Mapping[str, int]) -> None:
    """Open a front door for each service, by the name of its container, on a thread of its own."""
    if not doors:
        return
    ready = threading.Event()

    async def serve() -> None:
        for name, port in doors.items():
            await FrontDoor(lambda name=name: serving_ports(daemon, name)).open(port)  # type: ignore[misc]
        ready.set()
        await asyncio.Event().wait()

    threading.Thread(target=lambda: asyncio.run(serve()), name="front-doors", daemon=True).start()
    if not ready.wait(timeout=10):
        raise OSError(f"A port of {dict(doors)} is taken by another program.")
