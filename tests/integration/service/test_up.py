"""`make up` brings API and pages up from their templates, and leaves nothing behind."""

import contextlib
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local import toolchain
from runtime.core.contract import TRUE, EnvVar
from runtime.core.messages import requeue_message
from tests.integration.cloud.waiting import until
from tests.integration.service.rollouts import Gate, Requests, Rollouts, Sockets, client_of
from tests.integration.service.running import Running, confirmed, put, running_below, uploaded

pytestmark = pytest.mark.cloud

SOCKETS = 50
CONTENT_BYTES = 1 << 20
FOUND = 200
MANY = "100000/minute"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("up")
    note, log = folder / "up.json", folder / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.up", "--blue-green", "--note", str(note)],
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


def test_should_test_a_new_version_before_all_requests_change_over(up: Running) -> None:
    rollouts, gate = Rollouts(up.written["aws"]), Gate(up.written["aws"], "POST_TEST_TRAFFIC_SHIFT")

    def deploy() -> None:
        rollouts.deploy(
            variables={EnvVar.KNOWN_VOICES: TRUE, EnvVar.RATE_LIMIT: MANY},
            lifecycleHooks=[gate.hook],
        )
        rollouts.await_stage("POST_TEST_TRAFFIC_SHIFT")
        for _ in range(5):
            assert (up.knows_voices("api_test"), up.knows_voices("api")) == (True, False)
        gate.open()

    assert not up.knows_voices("api")
    serves_on(up, rollouts, deploy)
    ended = rollouts.latest()
    assert ended["status"] == "SUCCESSFUL", ended
    assert up.knows_voices("api")


def test_should_not_change_over_to_a_version_that_cannot_start(up: Running) -> None:
    rollouts = Rollouts(up.written["aws"])
    requests = Requests(up.written["api"], up.written["token"])
    with requests.running():
        returns_from_a_version_that_cannot_start(rollouts)
    ended = rollouts.latest()
    assert ended["status"] == "ROLLBACK_SUCCESSFUL"
    assert "circuit breaker" in ended["statusReason"]
    assert ended["deploymentCircuitBreaker"]["status"] == "TRIGGERED"
    assert requests.sent > 0
    assert requests.failures == []


def test_should_change_back_from_a_version_whose_answers_raise_the_alarm(up: Running) -> None:
    rollouts = Rollouts(up.written["aws"])
    running = rollouts.service()["taskDefinition"]
    address, token = up.written["api"], up.written["token"]
    requests = Requests(address, token)
    listings = [Requests(address, token, "/v1/jobs") for _ in range(3)]
    with requests.running():
        # Its listings fail, and all else works; blue stays for a day of AWS.
        rollouts.deploy(variables={EnvVar.JOBS_TABLE: "no-such-table"}, bakeTimeInMinutes=1440)
        (blue,) = rollouts.await_stage("BAKE_TIME")["sourceServiceRevisions"]
        assert (blue["runningTaskCount"], blue["requestedProductionTrafficWeight"]) == (1, 0)
        with contextlib.ExitStack() as stack:
            for each in listings:
                stack.enter_context(each.running())
            ended = rollouts.await_end()
        steady = rollouts.await_steady()
    assert (ended["status"], ended["alarms"]["status"]) == ("ROLLBACK_SUCCESSFUL", "TRIGGERED")
    assert ended["alarms"]["triggeredAlarmNames"] == ["lifestream-dev-api-broken"]
    assert any(each.failures for each in listings), "they reached the version that fails"
    assert steady["taskDefinition"] == running
    assert up.call("GET", "/v1/jobs")[0] == FOUND
    assert requests.sent > 0
    assert requests.failures == []


def test_should_serve_on_while_a_version_is_deployed(up: Running) -> None:
    rollouts = Rollouts(up.written["aws"])
    rollouts.use_rolling()
    serves_on(up, rollouts, rollouts.replace_all)


def test_should_return_to_the_version_that_runs_when_a_new_one_does_not(up: Running) -> None:
    rollouts = Rollouts(up.written["aws"])
    requests = Requests(up.written["api"], up.written["token"])
    with requests.running():
        returns_from_a_version_that_cannot_start(rollouts)
    assert any("circuit breaker" in each["message"] for each in rollouts.service()["events"])
    assert requests.sent > 0
    assert requests.failures == []


def test_should_stop_with_all_it_started(up: Running) -> None:
    note, state = up.note, Path(str(up.written["state"]))

    assert up.stop() == 0
    assert not note.exists()
    until(lambda: not running_below(state), f"{running_below(state)} have ended")


def serves_on(up: Running, rollouts: Rollouts, deploy: Callable[[], None]) -> None:
    """Deploy with open sockets, requests and an upload; no request may fail."""
    address, token = up.written["api"], up.written["token"]
    content = os.urandom(CONTENT_BYTES)
    new = {"name": "during a deployment.mp4", "size_bytes": len(content)}
    upload = up.call("POST", "/v1/uploads", new)[1]
    requests, sockets = Requests(address, token), Sockets(address, token, SOCKETS)
    with sockets.running(), requests.running():
        # An event that each has, after which it goes on.
        before = confirmed(up, uploaded(up, b"before"))
        sockets.wait_for(lambda: sockets.have_seen(before))
        deploy()
        meanwhile = confirmed(up, uploaded(up, b"meanwhile"))
        rollouts.await_steady()
        put(upload, content)
        after = confirmed(up, upload["upload_id"])
        for job_id in (meanwhile, after):
            sockets.wait_for(lambda job_id=job_id: sockets.have_seen(job_id))
        # The end of the context closes them too.
        assert sockets.cut >= SOCKETS
    assert requests.sent > 0
    assert requests.failures == []


def returns_from_a_version_that_cannot_start(rollouts: Rollouts) -> None:
    """Deploy one, and see the service return to the version that runs."""
    running = rollouts.service()["taskDefinition"]
    broken = rollouts.deploy(command=["no_such_module"])
    assert rollouts.await_steady()["taskDefinition"] == running != broken
