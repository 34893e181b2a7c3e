"""The client with the real application: what is interrupted goes on, a refusal says why."""

import io
import json
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from lifestream import command_line
from lifestream.cli import app
from lifestream.commands import api_command
from lifestream.remote.client import TRIES, Account, ApiClient, account
from lifestream.remote.uploading import Uploader
from lifestream.session import Session
from lifestream.view.console import Screen
from runtime.api import uploads
from runtime.core.errors import Permanent, Retryable
from runtime.core.jobs import succeed
from tests.fakes.clock import FakeClock
from tests.unit.api.world import BUCKET, World

MEBIBYTE = 1 << 20
BODY = bytes(range(256)) * (5 * MEBIBYTE // 256) + b"the end"
S3 = "s3.example.test"


class KilledError(BaseException):
    """The command was killed."""


class Network:
    """Brings requests to the application or to S3; `die_after` PUTs kill the command."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.die_after: int | None = None
        self.failures = 0
        self.puts = 0
        self.sent_to_s3: list[httpx.Headers] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.failures:
            self.failures -= 1
            raise httpx.ConnectError("any")
        if request.url.host == S3:
            return self._put(request)
        answer = self.world.client.request(
            request.method,
            str(request.url.copy_with(scheme="http", host="testserver", port=None)),
            content=request.read(),
            headers={k: v for k, v in request.headers.items() if k != "host"},
        )
        return httpx.Response(answer.status_code, content=answer.content, request=request)

    def _put(self, request: httpx.Request) -> httpx.Response:
        self.sent_to_s3.append(request.headers)
        if self.die_after is not None and self.puts >= self.die_after:
            raise KilledError
        self.puts += 1
        names = ("content-type", "x-amz-meta-lifestream-owner", "x-amz-meta-lifestream-title")
        shown = {"content-type": "Content-Type"}
        headers = {shown.get(n, n): request.headers[n] for n in names if n in request.headers}
        self.world.transfers.send(str(request.url), headers, request.read())
        return httpx.Response(200, request=request)


@pytest.fixture
def network(world: World) -> Network:
    return Network(world)


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.client.close()


def client_of(network: Network) -> ApiClient:
    signed_in = Account(url="http://api.example.test", token=network.world.token())
    http = httpx.Client(transport=httpx.MockTransport(network))
    return ApiClient(signed_in, http, sleeper=FakeClock())


def upload(network: Network, path: Path) -> str:
    counted: list[int] = []
    uploader = Uploader(
        client=client_of(network), state_dir=path.parent / "state", on_bytes=counted.append
    )
    job = uploader.upload(path, options={"title": "Any title"})
    assert sum(counted) == path.stat().st_size
    return str(job["job_id"])


def test_should_upload_one_job_although_killed_three_times(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "SINGLE_BYTES", MEBIBYTE)
    monkeypatch.setattr(uploads, "SMALLEST_PART_BYTES", MEBIBYTE)
    path = tmp_path / "a talk.mp4"
    path.write_bytes(BODY)
    for puts in (1, 3, 4):
        network.die_after = puts
        with pytest.raises(KilledError):
            upload(network, path)
    network.die_after = None
    job_id = upload(network, path)
    assert network.puts == 6  # no part was sent twice
    (job,) = network.world.jobs.jobs.values()
    assert job.job_id == job_id
    assert network.world.objects.read_bytes(BUCKET, job.source.key) == BODY
    assert job.submission.title == "Any title"
    assert all("authorization" not in headers for headers in network.sent_to_s3)
    assert list((tmp_path / "state").iterdir()) == []


def test_should_begin_again_when_the_upload_is_gone(network: Network, tmp_path: Path) -> None:
    path = tmp_path / "any.mp4"
    path.write_bytes(b"any")
    network.die_after = 0
    with pytest.raises(KilledError):
        upload(network, path)
    network.world.clock.advance(8 * 86_400)
    network.die_after = None
    upload(network, path)
    assert len(network.world.jobs.jobs) == 1


def test_should_repeat_a_request_that_was_lost(network: Network) -> None:
    network.failures = TRIES - 1
    body = {"name": "any.mp4", "size_bytes": 1}
    assert client_of(network).call("POST", "/v1/uploads", body)["method"] == "single"
    network.failures = TRIES
    with pytest.raises(Retryable, match="did not answer"):
        client_of(network).call("GET", "/v1/jobs")


def test_should_show_why_the_api_refused(network: Network) -> None:
    with pytest.raises(Permanent) as refused:
        client_of(network).call("GET", "/v1/jobs/none")
    assert (refused.value.code, refused.value.resolution) == ("not_found", "Check its id.")


def test_should_follow_a_job_to_its_end(network: Network) -> None:
    job = network.world.job()
    done = succeed(job, now=network.world.clock.now() + 1, result_key="any")
    network.world.jobs.save(job, done)
    seen = list(client_of(network).follow(job.job_id))
    assert [each["state"] for each in seen] == ["SUCCEEDED"]


def test_should_export_the_reads_of_all_jobs_and_delete_one(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = {network.world.job(f"{number}.mp4").job_id for number in range(3)}
    monkeypatch.setattr(api_command, "connected", lambda *_: nullcontext(client_of(network)))

    def typed(*arguments: str) -> str:
        out = io.StringIO()
        screen = Screen(Console(file=out, soft_wrap=True, highlight=False))
        assert command_line.run(app, ["api", *arguments], session=Session(screen)) == 0
        return out.getvalue()

    for job_id in jobs:
        typed("show", job_id)
    found = json.loads(typed("reads", "--json"))
    shown = {each["job_id"] for each in found if each["action"] == "GET /v1/jobs/{job_id}"}
    assert shown == jobs
    one = jobs.pop()
    assert one in typed("reads", one)
    assert "deleted" in typed("delete", one)
    assert len(json.loads(typed("jobs", "--json"))) == 2


def test_should_take_the_local_api_where_none_is_named(tmp_path: Path) -> None:
    state = tmp_path / "up.json"
    state.write_text(json.dumps({"api": "http://127.0.0.1:8080/", "token": "any-token"}))
    found = account(url=None, token=None, key=None, local_state=state)
    assert (found.url, found.headers()) == (
        "http://127.0.0.1:8080",
        {"Authorization": "Bearer any-token"},
    )
    assert account(url=None, token=None, key="any-key", local_state=state).token is None
    with pytest.raises(Permanent, match=r"api\.not_named"):
        account(url=None, token=None, key="any", local_state=tmp_path / "none")
    with pytest.raises(Permanent, match=r"api\.not_signed_in"):
        account(url="http://any", token=None, key=None, local_state=tmp_path / "none")
