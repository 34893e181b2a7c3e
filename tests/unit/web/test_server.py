"""The server without a browser: cookies, headers, forged requests, and a provider that lies."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from runtime.core.errors import Permanent
from runtime.web.assets import Assets
from runtime.web.sessions import MemorySessions, Session, digest
from runtime.web.settings import read_settings
from runtime.web.sign_in import Attempt, SignInError, new_attempt
from runtime.web.table_sessions import TableSessions
from tests.browser.fake_service import FakeService
from tests.browser.serving import pages_over
from tests.fakes.clock import FakeClock
from tests.fakes.service_records import InMemoryRecords

PAGE = {"accept": "text/html"}


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("assets")
    names = {"app.ts": "app-1.js", "player.ts": "player-1.js", "app.css": "app-1.css"}
    entries = {entry: {"file": file, "imports": []} for entry, file in names.items()}
    entries["icon.svg"] = {"file": "icon-1.svg", "imports": []}
    files = [*names.values(), "icon-1.svg", "x-latin-wght-normal-1.woff2"]
    for file in files:
        (folder / file).write_text("content")
    (folder / "app-1.js.br").write_text("compressed")
    manifest = {"entries": entries, "sizes": {file: {"bytes": 7} for file in files}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture(scope="module")
def running(assets: Path) -> Iterator[tuple[FakeService, str]]:
    service = FakeService()
    with pages_over(service, assets) as address:
        yield service, address


@pytest.fixture
def visitor(running: tuple[FakeService, str]) -> Iterator[httpx.Client]:
    running[0].reset()
    with httpx.Client(base_url=running[1], headers=PAGE, follow_redirects=True) as client:
        yield client


def csrf(page: httpx.Response) -> str:
    return page.text.split('name="csrf" content="')[1].split('"')[0]


def test_a_visitor_is_signed_in_and_returns_to_the_asked_page(visitor: httpx.Client) -> None:
    page = visitor.get("/operator?x=1")
    assert page.status_code == 200
    assert page.url.path == "/operator"
    assert page.url.query == b"x=1"


def test_every_answer_has_the_security_headers(visitor: httpx.Client) -> None:
    for path in ("/", "/health", "/assets/app-1.js", "/nowhere", "/signed-out"):
        headers = visitor.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


def test_pages_are_never_stored_and_assets_for_a_year(visitor: httpx.Client) -> None:
    assert visitor.get("/").headers["cache-control"] == "no-store"
    asset = visitor.get("/assets/app-1.js", headers={"accept-encoding": "br"})
    assert "immutable" in asset.headers["cache-control"]
    assert asset.headers["content-encoding"] == "br"
    assert visitor.get("/assets/..%2Fmanifest.json").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-csrf-token": "wrong"},
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
    ],
)
def test_forged_changes_are_refused(
    visitor: httpx.Client, running: tuple[FakeService, str], headers: dict[str, str]
) -> None:
    job_id = running[0].add({"name": "a.mp4", "state": "RUNNING"})
    token = csrf(visitor.get("/"))
    sent = {"x-csrf-token": token, **headers} if headers else {}
    answer = visitor.post(f"/recordings/{job_id}/cancel", headers=sent)
    assert answer.status_code == 403
    assert running[0].recordings[job_id].job["state"] == "RUNNING"


def test_a_change_with_the_pages_token_is_made(
    visitor: httpx.Client, running: tuple[FakeService, str]
) -> None:
    job_id = running[0].add({"name": "a.mp4", "state": "RUNNING"})
    visitor.post(f"/recordings/{job_id}/cancel", data={"csrf": csrf(visitor.get("/"))})
    assert running[0].recordings[job_id].job["state"] == "CANCELLED"


@pytest.mark.parametrize("path", ["/data/events", "/data/events/{job_id}"])
def test_pages_ask_again_and_again_where_the_api_keeps_no_streams(
    visitor: httpx.Client, running: tuple[FakeService, str], path: str
) -> None:
    job_id = running[0].add({"name": "a.mp4", "state": "RUNNING"})
    running[0].keeps_streams = False
    visitor.get("/")
    answer = visitor.get(path.format(job_id=job_id))
    assert answer.text.count("event: job") == 1
    # How long the browser waits before it asks again: the last line of this kind counts.
    assert answer.text.split("retry: ")[-1].split()[0] == "4000"


def test_scripts_without_a_session_get_401_and_no_redirect(
    running: tuple[FakeService, str],
) -> None:
    answer = httpx.get(f"{running[1]}/data/events")
    assert answer.status_code == 401


def test_signing_out_everywhere_ends_every_browsers_session(
    visitor: httpx.Client, running: tuple[FakeService, str]
) -> None:
    with httpx.Client(base_url=running[1], headers=PAGE, follow_redirects=True) as other:
        other.get("/")
        visitor.post("/sign-out", data={"csrf": csrf(visitor.get("/")), "everywhere": "1"})
        assert other.get("/", follow_redirects=False).status_code == 303


def test_another_sign_ins_answer_is_refused(running: tuple[FakeService, str]) -> None:
    with httpx.Client(base_url=running[1]) as client:
        client.get("/sign-in")
        answer = client.get("/callback?code=x&state=another")
        assert answer.status_code == 400
        assert "belongs to another sign-in" in answer.text
        assert "session" not in client.cookies


def test_a_token_of_another_audience_is_refused(
    running: tuple[FakeService, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    service, address = running
    identity, signed = service.identity, service.identity.signed
    monkeypatch.setattr(identity, "signed", lambda claims: signed({**claims, "aud": "another"}))
    answer = httpx.get(f"{address}/", headers=PAGE, follow_redirects=False)
    with httpx.Client(base_url=address, headers=PAGE, follow_redirects=True) as client:
        page = client.get(answer.headers["location"])
    assert page.status_code == 400
    assert "not valid" in page.text


@pytest.mark.parametrize(
    ("then", "kept"), [("/a?b=1", "/a?b=1"), ("//evil", "/"), ("https://e", "/")]
)
def test_a_sign_in_returns_to_our_own_pages_only(then: str, kept: str) -> None:
    assert new_attempt(then).then == kept


def test_a_changed_attempt_cookie_is_refused() -> None:
    assert Attempt.from_cookie(new_attempt("/x").to_cookie()).then == "/x"
    with pytest.raises(SignInError):
        Attempt.from_cookie("bm90IGpzb24=")


def session_of(subject: str, cookie: str, **more: Any) -> Session:
    tokens: dict[str, Any] = dict.fromkeys(("access_token", "id_token", "csrf"), "SECRET")
    fields = {"subject": subject, "name": "n", "token_expires_at": 5.0, "expires_at": 1e10}
    return Session(key=digest(cookie), **{**fields, **tokens, **more})


@pytest.mark.parametrize("kind", ["memory", "table"])
def test_sessions_are_kept_replaced_and_ended_one_by_one_or_all(kind: str) -> None:
    clock = FakeClock()
    store = MemorySessions() if kind == "memory" else TableSessions(InMemoryRecords(clock))
    now = clock.now()
    first, second, other = (
        session_of("a", "1"),
        session_of("a", "2"),
        session_of("b", "3"),
    )
    for session in (first, second, other):
        store.put(session)
    store.put(replace(first, access_token="NEW"))  # noqa: S106 - a test's word
    renewed = store.get(first.key, now)
    assert renewed is not None
    assert renewed.access_token == "NEW"  # noqa: S105 - the same
    store.delete(other.key)
    store.delete(other.key)
    assert store.get(other.key, now) is None
    store.delete_all("a")
    assert [store.get(s.key, now) for s in (first, second)] == [None, None]
    store.put(replace(first, expires_at=now + 1))
    assert store.get(first.key, now) is not None
    assert store.get(first.key, now + 2) is None


def test_sessions_expire_and_keep_no_secret_in_their_repr() -> None:
    store = MemorySessions()
    session = session_of("s", "cookie", expires_at=10.0)
    store.put(session)
    assert store.get(digest("cookie"), 9.0) == session
    assert store.get(digest("cookie"), 10.0) is None
    assert "SECRET" not in repr(session)


def test_settings_name_everything_that_is_missing() -> None:
    with pytest.raises(Permanent) as refused:
        read_settings({"WEB_PORT": "none"})
    for name in ("WEB_API_URL", "WEB_PUBLIC_URL", "OIDC_ISSUER", "OIDC_CLIENT_ID", "WEB_PORT"):
        assert name in str(refused.value)


def test_missing_assets_say_how_to_build_them(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="scripts and styles"):
        Assets.read(tmp_path)
