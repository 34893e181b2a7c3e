"""`make up` brings API and pages up from their templates, and leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from local import toolchain
from runtime.core.messages import requeue_message
from tests.integration.cloud.waiting import until
from tests.integration.service.rollouts import Requests, Rollouts, Sockets, client_of

pytestmark = pytest.mark.cloud

START_SECONDS = 240.0
STOP_SECONDS = 120.0
POLL_SECONDS = 0.1
SOCKETS = 50
CONTENT_BYTES = 1 << 20
UNAVAILABLE, TRIES = 503, 5

Answer = tuple[int, Any]


class Running:
    """A `make up` that was started, and what it wrote about itself."""

    def __init__(self, process: "subprocess.Popen[bytes]", note: Path, log: Path) -> None:
        self.process = process
        self.log = log
        self.note = note
        self.written: Mapping[str, Any] = {}

    def await_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.note.exists():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, "it did not become ready"
            time.sleep(POLL_SECONDS)
        self.written = json.loads(self.note.read_text())

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> Answer:
        """Return status and document; as clients do, ask again while a service does not answer."""
        for _ in range(TRIES):
            answer = self._call(method, path, body, token)
            if answer[0] != UNAVAILABLE:
                break
        return answer

    def _call(self, method: str, path: str, body: Any, token: str | None) -> Answer:
        given = self.written["token"] if token is None else token
        request = urllib.request.Request(  # noqa: S310 - an address of this machine
            self.written["api"] + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {given}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("up")
    note, log = folder / "up.json", folder / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.up", "--note", str(note)],
            cwd=toolchain.ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    running = Running(process, note, log)
    try:
        running.await_ready()
        yield running
    finally:
        running.stop()


def test_should_answer_as_healthy_through_its_front_doors(up: Running) -> None:
    for name in ("api", "web"):
        with urllib.request.urlopen(f"{up.written[name]}/health", timeout=30) as answer:  # noqa: S310
            assert json.loads(answer.read())["status"] == "ok"


def test_should_know_its_own_token_and_no_other(up: Running) -> None:
    status, me = up.call("GET", "/v1/me")
    assert (status, me["admin"]) == (200, True)

    forged = up.written["token"][:-8] + "AAAAAAAA"
    assert up.call("GET", "/v1/me", token=forged)[0] == 401


def test_should_keep_the_token_to_its_owner(up: Running) -> None:
    assert up.note.stat().st_mode & 0o077 == 0
    assert up.written["pid"] == up.process.pid


def test_should_take_an_upload_and_make_a_job_of_it(up: Running) -> None:
    content = b"no recording at all" * 100
    status, upload = up.call("POST", "/v1/uploads", {"name": "a b.mp4", "size_bytes": len(content)})
    assert status == 201, upload

    put(upload, content)
    status, confirmed = up.call("POST", f"/v1/uploads/{upload['upload_id']}/confirm", {})

    assert status == 202, confirmed
    status, job = up.call("GET", f"/v1/jobs/{confirmed['job']['job_id']}")
    assert (status, job["name"]) == (200, "a b.mp4")
    assert job["owner"] == "local-user"


def test_should_list_a_dead_letter_and_leave_it_to_others(up: Running) -> None:
    sqs = client_of("sqs", up.written["aws"])
    url = sqs.get_queue_url(QueueName="lifestream-jobs-dlq-dev")["QueueUrl"]
    sent = sqs.send_message(QueueUrl=url, MessageBody=requeue_message("gone"))

    for _ in range(2):
        status, found = up.call("GET", "/v1/dead-letters")
        assert (status, found["total"], found["complete"]) == (200, 1, True), found
        assert found["letters"][0]["message_id"] == sent["MessageId"]
        assert found["letters"][0]["concerns"][0]["state"] == "gone"
    received = sqs.receive_message(QueueUrl=url).get("Messages", [])
    assert [message["MessageId"] for message in received] == [sent["MessageId"]]
    sqs.purge_queue(QueueUrl=url)


def test_should_serve_on_while_a_version_is_deployed(up: Running) -> None:
    address, token = up.written["api"], up.written["token"]
    content = os.urandom(CONTENT_BYTES)
    new = {"name": "during a deployment.mp4", "size_bytes": len(content)}
    upload = up.call("POST", "/v1/uploads", new)[1]
    rollouts = Rollouts(up.written["aws"])
    requests, sockets = Requests(address, token), Sockets(address, token, SOCKETS)
    with sockets.running(), requests.running():
        # An event that each has, after which it goes on.
        before = confirmed(up, uploaded(up, b"before"))
        sockets.wait_for(lambda: sockets.have_seen(before))
        rollouts.replace_all()
        meanwhile = confirmed(up, uploaded(up, b"meanwhile"))
        rollouts.await_steady()
        put(upload, content)
        after = confirmed(up, upload["upload_id"])
        for job_id in (meanwhile, after):
            sockets.wait_for(lambda job_id=job_id: sockets.have_seen(job_id))
    assert sockets.reconnected >= SOCKETS
    assert requests.sent > 0
    assert requests.failures == []


def test_should_return_to_the_version_that_runs_when_a_new_one_does_not(up: Running) -> None:
    rollouts = Rollouts(up.written["aws"])
    running = rollouts.service()["taskDefinition"]
    requests = Requests(up.written["api"], up.written["token"])
    with requests.running():
        broken = rollouts.deploy_broken()
        rollouts.await_steady()
    primary = next(
        each for each in rollouts.service()["deployments"] if each["status"] == "PRIMARY"
    )
    assert primary["taskDefinition"] == running != broken
    assert any("circuit breaker" in each["message"] for each in rollouts.service()["events"])
    assert requests.sent > 0
    assert requests.failures == []


def test_should_stop_with_all_it_started(up: Running) -> None:
    note, state = up.note, Path(str(up.written["state"]))

    assert up.stop() == 0
    assert not note.exists()
    until(lambda: not running_below(state), f"{running_below(state)} have ended")


def uploaded(up: Running, content: bytes) -> str:
    """Upload a file; return the upload's id."""
    new = {"name": "any.mp4", "size_bytes": len(content)}
    upload = up.call("POST", "/v1/uploads", new)[1]
    put(upload, content)
    return str(upload["upload_id"])


def confirmed(up: Running, upload_id: str) -> str:
    """Confirm an upload; return the id of its job."""
    status, answer = up.call("POST", f"/v1/uploads/{upload_id}/confirm", {})
    assert status == 202, answer
    return str(answer["job"]["job_id"])


def put(upload: Mapping[str, Any], content: bytes) -> None:
    """Send a file to its signed URL."""
    request = urllib.request.Request(  # noqa: S310 - an address of this machine
        upload["url"], method="PUT", data=content, headers=upload["headers"]
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        assert answer.status == 200


def running_below(folder: Path) -> list[str]:
    """Return the processes whose command line or working folder is below a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            where = (process / "cwd").readlink()
        except OSError:
            continue
        if where.is_relative_to(folder):
            found.append(process.name)
    return found
