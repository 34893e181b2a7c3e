"""An import arrives once and whole, whatever the server, the instance or the owner does."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from runtime.api.imports import download as download_module
from runtime.api.imports.records import ADDING_SECONDS, LEASE_SECONDS, ImportState
from runtime.api.imports.workers import MAX_TRIES
from runtime.api.outbound.transport import Outbound, OutboundPolicy, Timeouts
from runtime.core.clock import SystemClock
from runtime.core.jobs import State
from runtime.core.submission import Submission
from tests.unit.api.world import BUCKET, OWNER, STRANGER, World

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


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def url(site: Site) -> Iterator[str]:
    with ThreadingHTTPServer((LOOPBACK, 0), handler_of(site)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://any.example.test:{server.server_address[1]}/a%20talk.mp4"
        server.shutdown()
        thread.join()


@pytest.fixture
def importing(world: World, url: str, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world that may fetch from the test's own server, in small parts."""
    monkeypatch.setattr(download_module, "SMALLEST_PART_BYTES", PART)
    port = urlsplit(url).port or 0
    world.outbound = Outbound(
        clock=SystemClock(),
        policy=OutboundPolicy(
            permit=lambda address: str(address) == LOOPBACK,
            ports=frozenset({port}),
            schemes=frozenset({"http"}),
        ),
        resolver=lambda host, _: [LOOPBACK if host == "any.example.test" else "10.0.0.1"],
        timeouts=Timeouts(connect=60.0, read=60.0, total=120.0),
    )
    return world


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


def test_should_import_a_file_in_parts(importing: World, url: str, site: Site) -> None:
    import_id = add(importing, url)
    assert importing.import_workers.step()
    assert_one_job(importing, import_id)
    assert site.requests == [None]
    assert shown(importing, import_id)["total_bytes"] == len(BODY)
    assert not importing.import_workers.step()


def test_should_resume_where_a_server_cut_off(importing: World, url: str, site: Site) -> None:
    site.cut_after = 1500
    import_id = add(importing, url)
    run(importing)
    assert_one_job(importing, import_id)
    assert site.requests == [None, "bytes=1000-", "bytes=2000-", "bytes=3000-"]


def test_should_begin_again_when_the_file_has_changed(
    importing: World, url: str, site: Site
) -> None:
    site.cut_after = 1500
    import_id = add(importing, url)
    importing.import_workers.step()
    site.body, site.etag, site.cut_after = BODY[::-1], '"second"', None
    importing.clock.advance(LEASE_SECONDS)
    importing.import_workers.step()
    assert_one_job(importing, import_id, BODY[::-1])
    assert site.requests == [None, "bytes=1000-"]


def test_should_begin_again_where_nothing_says_that_the_file_is_the_same(
    importing: World, url: str, site: Site
) -> None:
    site.etag, site.cut_after = 'W/"weak"', 2500
    import_id = add(importing, url)
    importing.import_workers.step()
    site.cut_after = None
    run(importing)
    assert_one_job(importing, import_id)
    assert site.requests == [None, None]


def test_should_leave_an_import_to_another_instance_when_it_ends(
    importing: World, url: str, site: Site
) -> None:
    import_id = add(importing, url)
    stopping = importing.import_workers._threads.stopping
    site.on_request = stopping.set
    importing.import_workers.step()
    assert shown(importing, import_id)["state"] == "downloading"
    stopping.clear()
    site.on_request = lambda: None
    assert importing.import_workers.step()  # at once: the lease was given back
    assert_one_job(importing, import_id)


def test_should_go_on_after_the_lease_of_a_killed_instance(
    importing: World, url: str, site: Site
) -> None:
    import_id = add(importing, url)
    claimed = importing.imports.claim_next("killed")
    assert claimed is not None
    assert not importing.import_workers.step()
    importing.clock.advance(LEASE_SECONDS + 1)
    assert importing.import_workers.step()
    assert_one_job(importing, import_id)
    assert site.requests == [None]


def test_should_import_what_is_being_added_while_instances_look(
    importing: World, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = importing.imports._records.create

    def looked_for(record: Any) -> Any:
        made = create(record)
        assert importing.imports.claim_next("any") is None or made.sk.startswith("import#")
        return made

    monkeypatch.setattr(importing.imports._records, "create", looked_for)
    import_id = add(importing, url)
    monkeypatch.undo()
    importing.clock.advance(LEASE_SECONDS + 1)
    importing.import_workers.step()
    assert_one_job(importing, import_id)


def test_should_drop_the_mark_of_an_import_that_was_never_stored(
    importing: World, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = importing.imports._records
    create, marks = records.create, importing.imports._marks

    def crashing(record: Any) -> Any:
        assert not marks(), "dies after the mark"
        return create(record)

    monkeypatch.setattr(records, "create", crashing)
    with pytest.raises(AssertionError):
        add(importing, url)
    assert importing.imports.claim_next("any") is None
    assert len(marks()) == 1
    importing.clock.advance(ADDING_SECONDS + 1)
    assert importing.imports.claim_next("any") is None
    assert not marks()


def test_should_leave_the_parts_of_an_import_to_the_instance_that_has_taken_it_over(
    importing: World, url: str, site: Site
) -> None:
    import_id = add(importing, url)
    site.cut_after = PART + PART // 2
    importing.import_workers.step()
    site.cut_after, site.etag = None, '"other"'

    def taken_over() -> None:
        importing.clock.advance(LEASE_SECONDS + 1)
        assert importing.imports.claim_next("other") is not None

    site.on_request = taken_over
    importing.clock.advance(LEASE_SECONDS + 1)
    importing.import_workers.step()
    found = importing.imports.find(OWNER, import_id)
    assert found is not None
    assert found.value.worker == "other"
    parts = importing.transfers.parts(BUCKET, found.value.key, found.value.multipart_id or "")
    assert [part.size_bytes for part in parts] == [PART]


@pytest.mark.parametrize("crash_at", ["save", "complete"])
def test_should_make_one_job_after_a_crash_at_the_end(
    importing: World, url: str, monkeypatch: pytest.MonkeyPatch, crash_at: str
) -> None:
    import_id = add(importing, url)
    if crash_at == "complete":
        monkeypatch.setattr(importing.uploads.queue, "send", lambda *_, **__: 1 / 0)
    else:
        original = importing.imports.save

        def dying(claimed: Any, after: Any) -> Any:
            if after.state is ImportState.DONE:
                raise ZeroDivisionError
            return original(claimed, after)

        monkeypatch.setattr(importing.imports, "save", dying)
    with pytest.raises(ZeroDivisionError):
        importing.import_workers.step()
    monkeypatch.undo()
    importing.clock.advance(LEASE_SECONDS + 1)
    importing.import_workers.step()
    assert_one_job(importing, import_id)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": 404}, "import.refused"),
        ({"content_type": "text/html; charset=utf-8"}, "import.not_media"),
        ({"body": b""}, "import.empty"),
        ({"status": 500}, "import.busy"),
        ({"status": 302, "location": "/again"}, "import.redirects"),
        ({"status": 302, "location": "http://inner.example.test/"}, "url.refused"),
        ({"status": 302, "location": "http://169.254.169.254/latest"}, "url.refused"),
        ({"status": 302, "location": "file:///etc/passwd"}, "url.refused"),
        ({"cut_after": 0}, "url.unreachable"),
        ({"cut_after": 1500, "wrong_range": True}, "import.wrong_range"),
    ],
)
def test_should_fail_with_a_reason_and_leave_nothing(
    importing: World, url: str, site: Site, change: dict[str, Any], code: str
) -> None:
    for name, value in change.items():
        setattr(site, name, value)
    import_id = add(importing, url)
    run(importing)
    found = shown(importing, import_id)
    assert (found["state"], found["error"]["code"]) == ("failed", code)
    assert found["error"]["remedy"]
    assert (importing.jobs.jobs, importing.objects.objects) == ({}, {})
    assert importing.transfers._multiparts == {}


def test_should_refuse_a_file_that_is_too_large(importing: World, url: str, site: Site) -> None:
    site.announce = 1 << 41
    import_id = add(importing, url)
    run(importing)
    assert shown(importing, import_id)["error"]["code"] == "upload.too_large"
    assert site.requests == [None]


def test_should_stop_when_its_owner_cancels(importing: World, url: str, site: Site) -> None:
    import_id = add(importing, url)
    path = f"/v1/imports/{import_id}"

    def cancel() -> None:
        answer = importing.client.delete(path, headers=importing.headers())
        assert answer.status_code == 204
        cancelled.set()

    cancelled = threading.Event()
    site.on_request = cancel
    importing.import_workers.step()
    assert cancelled.wait(60)
    assert shown(importing, import_id)["state"] == "cancelled"
    assert importing.transfers._multiparts == {}
    assert importing.jobs.jobs == {}
    assert importing.client.delete(path, headers=importing.headers()).status_code == 204
    assert importing.client.delete(path, headers=importing.headers(STRANGER)).status_code == 404
    importing.clock.advance(LEASE_SECONDS + 1)
    assert not importing.import_workers.step()


class FakeProtection:
    """Notes how many imports were active at each call."""

    def __init__(self, world: World, *, granted: bool) -> None:
        self.active: list[int] = []
        self._world = world
        self._granted = granted

    def manage(self) -> bool:
        self.active.append(self._world.import_workers.active())
        return self._granted


def test_should_protect_the_task_while_an_import_is_active(importing: World, url: str) -> None:
    protection = FakeProtection(importing, granted=True)
    importing.import_workers.protection = protection
    add(importing, url)
    importing.import_workers.step()
    importing.import_workers.step()
    assert protection.active == [1, 0]


def test_should_not_begin_without_the_protection_that_is_required(
    importing: World, url: str, site: Site
) -> None:
    importing.import_workers.protection = FakeProtection(importing, granted=False)
    importing.import_workers._required = True
    import_id = add(importing, url)
    importing.import_workers.step()
    assert site.requests == []
    assert shown(importing, import_id)["state"] == "pending"


@pytest.mark.parametrize("url", ["http://any.example.test/a", "https://user@any.example.test/"])
def test_should_refuse_a_url_that_is_never_fetched(world: World, url: str) -> None:
    answer = world.client.post("/v1/imports", json={"url": url}, headers=world.headers())
    assert (answer.status_code, answer.json()["code"]) == (422, "url.refused")
