"""A webhook is delivered as promised, or visible as dead."""

import json
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook

from runtime.api.webhooks.deliveries import RETRY_SECONDS
from runtime.api.webhooks.endpoints import OVERLAP_SECONDS
from runtime.api.webhooks.sender import OutboundPost
from runtime.core.errors import Permanent, Retryable
from runtime.core.job_events import JobEvent, job_event
from runtime.core.jobs import Job, fail
from runtime.core.jobs.job import Failure
from runtime.events.announcer import changed_message
from tests.unit.api.test_outbound import local, serving
from tests.unit.api.world import STRANGER, World

ANY_FAILURE = Failure(code="any.code", summary="Any summary.", resolution="Any resolution.")
DAY_SECONDS = 86_400.0
SQS_LONGEST_DELAY = 900.0


def make(world: World, **body: Any) -> dict[str, Any]:
    answer = world.client.post(
        "/v1/webhooks",
        json={"url": "https://receiver.example.test/hook", **body},
        headers=world.headers(),
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def event(world: World, job: Job | None = None) -> JobEvent:
    job = job or world.job()
    found = job_event(job, fail(job, now=world.clock.now(), failure=ANY_FAILURE), environment="t")
    assert found is not None
    return found


def drain(world: World) -> None:
    """Work on the queue as SQS would show it, with delays of at most 15 minutes."""
    while world.webhook_queue.bodies:
        body = world.webhook_queue.bodies.pop(0)
        world.clock.advance(min(SQS_LONGEST_DELAY, world.webhook_queue.delays.pop(0)))
        world.sender.work(body)


def deliveries(world: World, webhook: dict[str, Any]) -> list[dict[str, Any]]:
    path = f"/v1/webhooks/{webhook['webhook_id']}/deliveries"
    found: list[dict[str, Any]] = world.client.get(path, headers=world.headers()).json()["items"]
    return found


def test_should_sign_a_delivery_by_the_specification(world: World) -> None:
    webhook = make(world)
    assert "secret" not in world.client.get("/v1/webhooks", headers=world.headers()).text
    change = event(world)
    world.sender.work(changed_message(change))
    drain(world)
    ((url, headers, body),) = world.receiver.posts
    assert url == webhook["url"]
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    expected = Webhook(webhook["secret"]).sign(headers["webhook-id"], at, body.decode())
    assert headers["webhook-signature"] == expected
    document = json.loads(body)
    assert (document["type"], document["data"]) == ("job.failed", change.detail)
    (delivery,) = deliveries(world, webhook)
    assert (delivery["state"], delivery["tries"], delivery["last_status"]) == ("delivered", 1, 204)


def test_should_deliver_a_repeated_change_once(world: World) -> None:
    webhook = make(world)
    message = changed_message(event(world))
    for _ in range(2):
        world.sender.work(message)
    drain(world)
    world.sender.work(message)
    drain(world)
    assert len(world.receiver.posts) == 1
    assert len(deliveries(world, webhook)) == 1


def test_should_reach_the_owner_of_the_job_and_chosen_events_only(world: World) -> None:
    make(world, events=["job.succeeded"])
    webhook = make(world)
    world.client.patch(
        f"/v1/webhooks/{webhook['webhook_id']}", json={"enabled": False}, headers=world.headers()
    )
    world.sender.work(changed_message(event(world)))
    make(world)
    world.sender.work(changed_message(event(world, world.job("other.mp4", owner=STRANGER))))
    drain(world)
    assert world.receiver.posts == []


@pytest.mark.parametrize("failing", ["status", "redirect", "unreachable", "refused"])
def test_should_try_for_a_day_and_then_show_it_as_dead(world: World, failing: str) -> None:
    webhook = make(world)
    match failing:
        case "status":
            world.receiver.status = 500
        case "redirect":
            world.receiver.status = 302
        case "unreachable":
            world.receiver.error = Retryable("url.unreachable", "No answer.", "Wait.")
        case _:
            world.receiver.error = Permanent("url.refused", "Not public.", "Change it.")
    began = world.clock.now()
    world.sender.work(changed_message(event(world)))
    drain(world)
    assert len(world.receiver.posts) == len(RETRY_SECONDS) + 1
    bodies = {(headers["webhook-id"], body) for _, headers, body in world.receiver.posts}
    assert len(bodies) == 1
    assert world.clock.now() - began >= DAY_SECONDS
    (delivery,) = deliveries(world, webhook)
    assert (delivery["state"], delivery["next_try_at"]) == ("dead", None)
    assert delivery["last_error"]


def test_should_deliver_once_the_receiver_is_back(world: World) -> None:
    webhook = make(world)
    world.receiver.status = 503
    world.sender.work(changed_message(event(world)))
    while len(world.receiver.posts) < 3:
        body = world.webhook_queue.bodies.pop(0)
        world.clock.advance(min(SQS_LONGEST_DELAY, world.webhook_queue.delays.pop(0)))
        world.sender.work(body)
    world.receiver.status = 200
    drain(world)
    (delivery,) = deliveries(world, webhook)
    assert (delivery["state"], delivery["tries"]) == ("delivered", 4)


def test_should_deliver_past_every_way_in_which_a_receiver_fails(world: World) -> None:
    webhook = make(world)
    elsewhere: list[bytes] = []
    posted: list[str] = []
    hanging = threading.Event()

    def redirect(connection: socket.socket) -> None:
        connection.sendall(
            f"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://any.example.test:{other}/\r\n"
            "Content-Length: 0\r\n\r\n".encode()
        )

    answers: list[Callable[[socket.socket], object]] = [
        lambda _connection: hanging.wait(5),
        lambda connection: connection.close(),
        redirect,
        lambda connection: connection.sendall(b"no HTTP at all\r\n\r\n"),
        lambda connection: connection.sendall(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"),
        # It lies about its length, but it has accepted.
        lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nok"),
    ]
    tries, answering = len(answers), iter(answers)

    def answer(connection: socket.socket) -> None:
        next(answering)(connection)

    with (
        serving(lambda connection: elsewhere.append(connection.recv(1))) as other,
        serving(answer) as port,
    ):

        def resolve(_host: str, _port: int) -> list[str]:
            return ["127.0.0.1"]

        patient = OutboundPost(local(port, resolver=resolve))
        impatient = OutboundPost(local(port, resolver=resolve, read=0.2))

        def post(url: str, headers: Mapping[str, str], body: bytes) -> int:
            del url  # The webhook's own is that of a public host.
            send = patient if posted else impatient  # Only the first answer does not come.
            posted.append(headers["webhook-id"])
            try:
                return send(f"http://any.example.test:{port}/", headers, body)
            finally:
                hanging.set()

        world.sender = replace(world.sender, post=post)
        world.sender.work(changed_message(event(world)))
        drain(world)
    (delivery,) = deliveries(world, webhook)
    assert (delivery["state"], delivery["tries"]) == ("delivered", tries)
    assert len(posted) == tries
    assert len(set(posted)) == 1
    assert elsewhere == []


def test_should_not_lose_a_delivery_whose_next_try_was_not_announced(world: World) -> None:
    make(world)
    world.receiver.status = 500
    world.sender.work(changed_message(event(world)))
    first = world.webhook_queue.take()
    world.sender.work(first[0])
    world.webhook_queue.take()  # the process died before it was sent
    world.webhook_queue.delays.clear()
    world.sender.work(first[0])
    world.receiver.status = 200
    drain(world)
    assert len(world.receiver.posts) == 2


def test_should_sign_by_both_secrets_for_a_day_after_a_rotation(world: World) -> None:
    webhook = make(world)
    path = f"/v1/webhooks/{webhook['webhook_id']}"
    rotated = world.client.post(f"{path}/rotate", headers=world.headers()).json()
    assert rotated["secret"] != webhook["secret"]
    for expected in (2, 1):
        answer = world.client.post(f"{path}/test", headers=world.headers())
        assert answer.status_code == 202
        drain(world)
        _, headers, body = world.receiver.posts[-1]
        assert len(headers["webhook-signature"].split()) == expected
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        new = Webhook(rotated["secret"]).sign(headers["webhook-id"], at, body.decode())
        assert headers["webhook-signature"].split()[0] == new
        world.clock.advance(OVERLAP_SECONDS + 1)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "http://receiver.example.test/"}, "url.refused"),
        ({"url": "https://receiver.example.test:8443/"}, "url.refused"),
        ({"url": "https://any:secret@receiver.example.test/"}, "url.refused"),
        ({"url": "file:///etc/passwd"}, "url.refused"),
        ({"events": ["job.no-such"]}, "webhook.events"),
    ],
)
def test_should_refuse_a_webhook_that_could_not_be_called(
    world: World, body: dict[str, Any], code: str
) -> None:
    answer = world.client.post(
        "/v1/webhooks",
        json={"url": "https://receiver.example.test/", **body},
        headers=world.headers(),
    )
    assert (answer.status_code, answer.json()["code"]) == (422, code)
