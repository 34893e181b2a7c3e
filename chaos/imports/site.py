"""The server that imports come from: slow, cut off, wrong about ranges, or away; or well."""

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from chaos.proxy import HOST, running

CHUNK_BYTES = 64 << 10
SLOW_SECONDS = 0.15
STALL_SECONDS = 1.5
"""Longer than an instance waits for the next bytes."""

MOODS = ("well", "slow", "cut", "wrong range", "away", "stall", "changed")
WEIGHTS = (1, 5, 2, 1, 1, 1, 1)


@dataclass(slots=True)
class Site:
    """Files by their path; `asked` is called with the path when bytes are asked for and sent."""

    files: Mapping[str, bytes]
    choice: random.Random
    asked: Callable[[str], None]
    faulty: bool = True
    faults: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def mood(self) -> str:
        """Return how the next request is answered."""
        with self.lock:
            mood = self.choice.choices(MOODS, WEIGHTS)[0] if self.faulty else "well"
            self.faults += mood not in {"well", "slow"}
            return mood


def start_of(headers: Message, etag: str) -> int:
    """Return where an answer begins: the range is for this version only."""
    wanted = headers.get("Range")
    if wanted is None or headers.get("If-Range") != etag:
        return 0
    return int(wanted.removeprefix("bytes=").rstrip("-"))


def handler_of(site: Site) -> type[BaseHTTPRequestHandler]:
    """Return the handler of a site's requests."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.close_connection = True
            mood, body = site.mood(), site.files[self.path]
            site.asked(self.path)
            if mood == "away":
                self.send_error(503)
                return
            etag = '"other"' if mood == "changed" else '"first"'
            start = start_of(self.headers, etag)
            self.send_response(206 if start else 200)
            if start:
                shown = start + 1 if mood == "wrong range" else start
                self.send_header("Content-Range", f"bytes {shown}-{len(body) - 1}/{len(body)}")
            self.send_header("ETag", etag)
            self.send_header("Content-Type", "video/mp4")
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            with contextlib.suppress(OSError):
                self._send(body[start:], mood)

        def _send(self, body: bytes, mood: str) -> None:
            for first in range(0, len(body), CHUNK_BYTES):
                if first and mood in {"cut", "stall"} and site.choice.random() < 1 / 3:
                    time.sleep(STALL_SECONDS if mood == "stall" else 0.0)
                    return
                if mood == "slow":
                    time.sleep(SLOW_SECONDS)
                self.wfile.write(body[first : first + CHUNK_BYTES])
                site.asked(self.path)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Write nothing."""

    return Handler


@contextlib.contextmanager
def serving(site: Site) -> Iterator[int]:
    """Serve a site; yield its port."""
    server = ThreadingHTTPServer((HOST, 0), handler_of(site))
    with running(server):
        yield server.server_port
