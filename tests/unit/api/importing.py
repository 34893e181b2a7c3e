"""A server of one file, and an API that may import from it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from runtime.api.imports.records import LEASE_SECONDS
from runtime.api.imports.workers import MAX_TRIES
from runtime.api.outbound.transport import Outbound, OutboundPolicy, Timeouts
from runtime.core.clock import SystemClock
from runtime.core.jobs import State
from runtime.core.submission import Submission
from tests.unit.api.world import BUCKET, OWNER, World

PART = 1000
BODY = bytes(range(256)) * 14  # three parts and a short one
LOOPBACK = "127.0.0.1"


@dataclass(slots=True)
class Site:
    """A server of one file; `cut_after` bytes of an answer it closes the connection."""

    body: bytes = BODY
    etag: str | None = '"first"'
    status: int = 200
    content_type: str = "video/mp4"
    location: str | None = None
    cut_after: int | None = None
    announce: int | None = None
    wrong_range: bool = False
    requests: list[str | None] = field(default_factory=list)
    on_request: Callable[[], object] = lambda: None


def handler_of(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            site.requests.append(wanted)
            site.on_request()
            resumed = wanted is not None and self.headers.get("If-Range") == site.etag
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and resumed else 0
            self.send_response(206 if resumed else site.status)
            if site.location is not None:
                self.send_header("Location", site.location)
            if resumed:
                shown = start + 1 if site.wrong_range else start
                last = len(site.body) - 1
                self.send_header("Content-Range", f"bytes {shown}-{last}/{len(site.body)}")
            if site.etag:
                self.send_header("ETag", site.etag)
            self.send_header("Content-Type", site.content_type)
            self.send_header("Content-Length", str(site.announce or len(site.body) - start))
            self.end_headers()
            self.wfile.write(site.body[start:][: site.cut_after])
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@contextmanager
def serving(site: Site) -> Iterator[str]:
    """Yield the URL of the site's file."""
    with ThreadingHTTPServer((LOOPBACK, 0), handler_of(site)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://any.example.test:{server.server_address[1]}/a%20talk.mp4"
        server.shutdown()
        thread.join()


def outbound_to(url: str) -> Outbound:
    """Return what may fetch from the test's own server."""
    port = urlsplit(url).port or 0
    return Outbound(
        clock=SystemClock(),
        policy=OutboundPolicy(
            permit=lambda address: str(address) == LOOPBACK,
            ports=frozenset({port}),
            schemes=frozenset({"http"}),
        ),
        resolver=lambda host, _: [LOOPBACK if host == "any.example.test" else "10.0.0.1"],
        timeouts=Timeouts(connect=60.0, read=60.0, total=120.0),
    )


def add(world: World, url: str) -> str:
    made = world.imports.add(
        OWNER, url=url, name="a talk.mp4", metadata={"lifestream-owner": OWNER}
    )
    return made.import_id


def shown(world: World, import_id: str) -> dict[str, Any]:
    answer = world.client.get(f"/v1/imports/{import_id}", headers=world.headers())
    found: dict[str, Any] = answer.json()
    return found


def run(world: World) -> None:
    """Work until nothing is left to do, past every pause."""
    for _ in range(3 * MAX_TRIES):
        world.import_workers.step()
        world.clock.advance(LEASE_SECONDS * 4)


def assert_one_job(world: World, import_id: str, body: bytes = BODY) -> None:
    found = shown(world, import_id)
    assert (found["state"], found["error"]) == ("done", None), found
    (job,) = world.jobs.jobs.values()
    assert (found["job_id"], job.state) == (job.job_id, State.PENDING)
    assert job.submission == Submission(owner=OWNER)
    assert world.objects.read_bytes(BUCKET, job.source.key) == body
    assert len(set(world.queue.bodies)) == 1
    assert world.import_workers.active() == 0
