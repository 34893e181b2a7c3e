"""The load: requests at fixed times, watchers on sockets, and reports that they must see."""

import asyncio
import contextlib
import itertools
import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from benchmarks.serving.jobs import Recordings

CONNECTIONS = 64
REPORTS_A_SECOND = 10.0
SETTLE_SECONDS = 3.0
RECONNECT_SECONDS = 0.2
CONNECTING_AT_ONCE = 20
TIMEOUT_SECONDS = 20.0
FIRST_SERVER_ERROR = 400
MILLISECONDS = 1000.0
LISTED_OF_TEN, OWN_OF_TEN = 3, 1
"""Of ten requests: so many list jobs, so many ask who one is; the others read one job."""


@dataclass(slots=True)
class Measured:
    """Times in milliseconds, and counts."""

    reads: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    requests: int = 0
    errors: int = 0
    repeated: int = 0
    events: int = 0
    reconnected: int = 0
    behind: int = 0

    def read_ms(self, percent: int) -> float:
        """Return a percentile of the requests' times."""
        return percentile(self.reads, percent)

    def progress_ms(self, percent: int) -> float:
        """Return a percentile of the times from a record to its watchers."""
        return percentile(self.delays, percent)


def percentile(values: Sequence[float], percent: int) -> float:
    """Return a percentile by the nearest rank; 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0.0


class Load:
    """Applies the load to the instances at `urls`, with a token for each owner."""

    def __init__(
        self, urls: Sequence[str], recordings: Recordings, tokens: Mapping[str, str]
    ) -> None:
        self._urls = list(urls)
        self._recordings = recordings
        self._tokens = tokens
        self._measured = Measured()
        self._choice = random.Random(7)  # noqa: S311 - the same load each time
        self._over = asyncio.Event()
        self._seen: dict[int, float] = {}
        self._watched: dict[int, str] = {}
        self._connected = self._wanted = 0
        self._all_connected = asyncio.Event()

    async def run(self, *, rate: float, watchers: int, seconds: float) -> Measured:
        """Connect the watchers, apply the load for a while, return what was measured."""
        slots = asyncio.Semaphore(CONNECTING_AT_ONCE)
        jobs = itertools.cycle(sorted(self._recordings.jobs))
        watching = [
            asyncio.create_task(self._watch(number, next(jobs), slots))
            for number in range(watchers)
        ]
        self._wanted = watchers
        await self._all_connected.wait()
        reporting = asyncio.create_task(self._report())
        await self._request(rate, seconds)
        reporting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reporting
        await asyncio.sleep(SETTLE_SECONDS)
        self._over.set()
        for each in watching:
            each.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        latest = {job_id: job.updated_at for job_id, job in self._recordings.jobs.items()}
        self._measured.behind = sum(
            self._seen.get(number, 0.0) < latest[job_id] for number, job_id in self._watched.items()
        )
        return self._measured

    async def _report(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await loop.run_in_executor(None, self._recordings.progress, self._choice)
            await asyncio.sleep(1 / REPORTS_A_SECOND)

    async def _watch(self, number: int, job_id: str, slots: asyncio.Semaphore) -> None:
        """Follow a job; reconnect wherever an instance answers, after the last event."""
        self._watched[number] = job_id
        owner = self._recordings.jobs[job_id].submission.owner or ""
        headers = {"Authorization": f"Bearer {self._tokens[owner]}"}
        last, first = "", True
        for attempt in itertools.count(number):
            url = self._urls[attempt % len(self._urls)].replace("http://", "ws://")
            address = f"{url}/v1/ws?job_id={job_id}" + (f"&last_event_id={last}" if last else "")
            try:
                async with slots:
                    socket = await connect(
                        address, additional_headers=headers, open_timeout=TIMEOUT_SECONDS
                    )
                if first:
                    self._connected, first = self._connected + 1, False
                    if self._connected >= self._wanted:
                        self._all_connected.set()
                else:
                    self._measured.reconnected += 1
                async with socket:
                    async for text in socket:
                        last = self._took(number, json.loads(text)) or last
            except (OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
                pass
            await asyncio.sleep(RECONNECT_SECONDS)

    def _took(self, number: int, message: Mapping[str, object]) -> str:
        data = message["data"]
        if message["event"] != "job" or not isinstance(data, dict):
            return ""
        updated = float(data["updated_at"])
        if number in self._seen and updated > self._seen[number]:
            self._measured.delays.append(MILLISECONDS * (time.time() - updated))
            self._measured.events += 1
        self._seen[number] = max(updated, self._seen.get(number, 0.0))
        return str(message["id"])

    async def _request(self, rate: float, seconds: float) -> None:
        """Send requests, each at its time, over connections that are kept open."""
        queue: asyncio.Queue[tuple[float, str, str] | None] = asyncio.Queue()
        senders = [asyncio.create_task(self._send_all(queue, n)) for n in range(CONNECTIONS)]
        began = time.monotonic()
        for number in range(int(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            queue.put_nowait((due, *self._drawn()))
        for _ in senders:
            queue.put_nowait(None)
        await asyncio.gather(*senders)

    def _drawn(self) -> tuple[str, str]:
        """Return the path of the next request, and its owner."""
        owner = self._choice.choice(sorted(self._tokens))
        match self._choice.randrange(10):
            case number if number < LISTED_OF_TEN:
                return "/v1/jobs?limit=20", owner
            case number if number < LISTED_OF_TEN + OWN_OF_TEN:
                return "/v1/me", owner
            case _:
                return f"/v1/jobs/{self._choice.choice(self._recordings.of(owner))}", owner

    async def _send_all(
        self, queue: "asyncio.Queue[tuple[float, str, str] | None]", number: int
    ) -> None:
        connection, turn = Connection(self._urls[number % len(self._urls)]), number
        while (task := await queue.get()) is not None:
            due, path, owner = task
            for _ in range(1 + len(self._urls)):
                try:
                    async with asyncio.timeout(TIMEOUT_SECONDS):
                        status = await connection.get(path, self._tokens[owner])
                    break
                except (OSError, EOFError, TimeoutError, ValueError):
                    # A load balancer would choose another instance.
                    status, turn = 0, turn + 1
                    self._measured.repeated += 1
                    connection = Connection(self._urls[turn % len(self._urls)])
            self._measured.requests += 1
            self._measured.errors += status == 0 or status >= FIRST_SERVER_ERROR
            self._measured.reads.append(MILLISECONDS * (time.monotonic() - due))
        connection.close()


class Connection:
    """A connection over which requests follow each other; as cheap as a client can be."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname, parts.port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str, token: str) -> int:
        """Return the status of an answer, read to its end."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n"
            f"Authorization: Bearer {token}\r\n\r\n".encode()
        )
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.partition("content-length:")[2].split("\r\n")[0])
        await reader.readexactly(length)
        return int(head.split(" ", 2)[1])

    def close(self) -> None:
        """Close it."""
        if self._streams is not None:
            self._streams[1].close()
