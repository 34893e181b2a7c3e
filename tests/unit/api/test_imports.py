"""An import arrives once and whole, whatever the server, the instance or the owner does."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from runtime.api.imports import download as download_module
from runtime.api.imports.records import ADDING_SECONDS, LEASE_SECONDS, ImportState
from tests.unit.api.importing import (
    BODY,
    PART,
    Site,
    add,
    assert_one_job,
    outbound_to,
    run,
    serving,
    shown,
)
from tests.unit.api.world import BUCKET, OWNER, STRANGER, World


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def url(site: Site) -> Iterator[str]:
    with serving(site) as address:
        yield address


@pytest.fixture
def importing(world: World, url: str, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world that may fetch from the test's own server, in small parts."""
    monkeypatch.setattr(download_module, "SMALLEST_PART_BYTES", PART)
    world.outbound = outbound_to(url)
    return world


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
