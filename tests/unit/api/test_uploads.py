"""An upload from its first request to its job, in every order and after every interruption."""

from itertools import permutations
from typing import Any

import pytest

from runtime.api.uploads import SINGLE_BYTES, SMALLEST_PART_BYTES, part_size
from runtime.core.contract import Compute
from runtime.core.errors import Retryable
from runtime.core.jobs import State, claim_new
from runtime.core.options import JobOptions
from runtime.core.spans import Part
from runtime.core.submission import Submission
from runtime.core.telemetry import Telemetry
from runtime.dispatcher.claim import Claims
from runtime.dispatcher.dispatch import Dispatcher
from runtime.dispatcher.routing import Routes
from tests.fakes.launcher import FakeLauncher
from tests.fakes.transfers import SignatureError
from tests.unit.api.world import BUCKET, MAX_BYTES, OWNER, STRANGER, World
from tests.unit.dispatcher.world import VISIBILITY_SECONDS, confirmation, s3_event

ANY_BODY = b"any recording"


def begin(world: World, size: int = len(ANY_BODY), **body: Any) -> dict[str, Any]:
    answer = world.client.post(
        "/v1/uploads",
        json={"name": "any talk.mp4", "size_bytes": size, "content_type": "video/mp4", **body},
        headers=world.headers(),
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def confirm(world: World, upload: dict[str, Any], **headers: str) -> Any:
    return world.client.post(
        f"/v1/uploads/{upload['upload_id']}/confirm", headers=headers or world.headers()
    )


def test_should_make_one_job_of_a_single_put(world: World) -> None:
    upload = begin(world, options={"title": "Any title", "language": "de"})
    world.transfers.send(upload["url"], upload["headers"], ANY_BODY)
    first, second = confirm(world, upload), confirm(world, upload)
    assert (first.status_code, second.status_code) == (202, 202)
    job = first.json()["job"]
    assert job["job_id"] == second.json()["job"]["job_id"]
    assert (job["state"], job["title"], job["owner"]) == ("PENDING", "Any title", OWNER)
    assert (job["name"], job["size_bytes"]) == ("any talk.mp4", len(ANY_BODY))
    (recorded,) = world.jobs.jobs.values()
    assert recorded.options == JobOptions(languages=("de",))
    assert recorded.submission == Submission(owner=OWNER, title="Any title")


@pytest.mark.parametrize("change", ["type", "size", "owner"])
def test_should_sign_type_size_and_owner(world: World, change: str) -> None:
    upload = begin(world)
    headers, body = dict(upload["headers"]), ANY_BODY
    match change:
        case "type":
            headers["Content-Type"] = "text/html"
        case "size":
            body += b"more"
        case _:
            headers["x-amz-meta-lifestream-owner"] = STRANGER
    with pytest.raises(SignatureError):
        world.transfers.send(upload["url"], headers, body)


def test_should_give_one_job_when_the_event_of_s3_comes_first(world: World) -> None:
    upload = begin(world)
    world.transfers.send(upload["url"], upload["headers"], ANY_BODY)
    ((bucket, key),) = world.objects.objects
    claimed = claim_new(world.objects.head(bucket, key), now=world.clock.now(), lease_seconds=60)
    world.jobs.create(claimed)
    job = confirm(world, upload).json()["job"]
    assert (job["job_id"], job["state"]) == (claimed.job_id, State.CLAIMED)
    assert world.jobs.jobs == {claimed.job_id: claimed}
    assert world.queue.bodies == []


def test_should_trace_a_job_once_from_the_first_request_of_its_upload(world: World) -> None:
    began = world.clock.now()
    upload = begin(world)
    world.clock.advance(90)
    world.transfers.send(upload["url"], upload["headers"], ANY_BODY)
    for _ in range(2):
        job = confirm(world, upload).json()["job"]
    (span,) = world.spans
    assert (span.job_id, span.part) == (job["job_id"], Part.RECEIVE)
    assert (span.began, span.ended) == (began, began + 90)
    assert span.notes == {"size_bytes": len(ANY_BODY)}


EVENT, CONFIRMED, MESSAGE = "event of S3", "confirm", "message of a confirmation"


@pytest.mark.parametrize(
    "order",
    sorted(set(permutations([EVENT, EVENT, CONFIRMED, MESSAGE]))),
    ids=", ".join,
)
def test_should_give_one_job_in_every_order_of_event_and_confirmation(
    world: World, order: tuple[str, ...]
) -> None:
    upload = begin(world)
    world.transfers.send(upload["url"], upload["headers"], ANY_BODY)
    ((bucket, key),) = world.objects.objects
    launcher = FakeLauncher()
    dispatcher = Dispatcher(
        bucket=bucket,
        objects=world.objects,
        claims=Claims(
            jobs=world.jobs,
            launcher=Routes({Compute.CPU: launcher}),
            clock=world.clock,
            lease_seconds=60,
        ),
        queue=world.queue,
        telemetry=Telemetry(log=world.log),
    )
    bodies = {EVENT: s3_event(key, bucket=bucket), MESSAGE: confirmation(key, bucket)}
    answered, waiting = set(), [*order, CONFIRMED]
    while waiting:
        each = waiting.pop(0)
        if each == CONFIRMED:
            answered.add(confirm(world, upload).json()["job"]["job_id"])
            continue
        try:
            dispatcher.work(bodies[each])
        except Retryable:
            # The queue delivers it again.
            world.clock.advance(VISIBILITY_SECONDS)
            waiting.append(each)
    (job,) = world.jobs.jobs.values()
    assert answered == {job.job_id}
    assert job.submission.owner == OWNER
    assert len(launcher.started) == 1


def test_should_confirm_again_after_a_crash_between_record_and_message(world: World) -> None:
    upload = begin(world)
    world.transfers.send(upload["url"], upload["headers"], ANY_BODY)
    world.upload_records.before_call = lambda name: 1 / 0 if name == "replace" else None
    with pytest.raises(ZeroDivisionError):
        confirm(world, upload)
    world.upload_records.before_call = lambda _name: None
    assert confirm(world, upload).status_code == 202
    assert len(world.jobs.jobs) == 1
    assert len(set(world.queue.bodies)) == 1


def test_should_resume_a_multipart_upload_with_the_parts_that_are_missing(world: World) -> None:
    size = SINGLE_BYTES + 5
    body = bytes(range(256)) * (size // 256 + 1)
    body = body[:size]
    upload = begin(world, size=size)
    assert (upload["method"], upload["part_count"]) == ("multipart", 3)
    world.transfers.send(upload["parts"][0]["url"], {}, body[:SMALLEST_PART_BYTES])
    refused = confirm(world, upload)
    assert (refused.status_code, refused.json()["code"]) == (409, "upload.incomplete")
    path = f"/v1/uploads/{upload['upload_id']}"
    resumed = world.client.get(path, headers=world.headers()).json()
    assert [part["number"] for part in resumed["parts_present"]] == [1]
    missing = world.client.post(
        f"{path}/parts", json={"numbers": [2, 3]}, headers=world.headers()
    ).json()["parts"]
    for part in missing:
        first = (part["number"] - 1) * SMALLEST_PART_BYTES
        world.transfers.send(part["url"], {}, body[first : first + SMALLEST_PART_BYTES])
    assert confirm(world, upload).status_code == 202
    assert confirm(world, upload).status_code == 202
    ((_, key),) = world.objects.objects
    assert world.objects.read_bytes(BUCKET, key) == body
    assert len(world.jobs.jobs) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"size_bytes": MAX_BYTES + 1}, "upload.too_large"),
        ({"name": "../.."}, "upload.no_name"),
        ({"content_type": "no type"}, "upload.content_type"),
        ({"options": {"language": "no-such"}}, "options.invalid"),
        ({"options": {"owner": "x"}}, "options.invalid"),
        ({"options": {"title": "x" * 201}}, "options.invalid"),
        ({"options": {"vocabulary": [f"{n:059d}" for n in range(100)]}}, "options.too_long"),
        ({"size_bytes": 0}, "request.invalid"),
        ({"no_such_field": 1}, "request.invalid"),
    ],
)
def test_should_refuse_what_would_fail_later(world: World, body: dict[str, Any], code: str) -> None:
    answer = world.client.post(
        "/v1/uploads",
        json={"name": "any.mp4", "size_bytes": 1, "content_type": "video/mp4", **body},
        headers=world.headers(),
    )
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("method", ["get", "delete"])
def test_should_hide_an_upload_from_others(world: World, method: str) -> None:
    path = f"/v1/uploads/{begin(world)['upload_id']}"
    call = getattr(world.client, method)
    assert call(path, headers=world.headers(STRANGER)).status_code == 404
    assert call(path, headers=world.headers()).status_code in {200, 204}


def test_should_give_up_a_multipart_upload(world: World) -> None:
    upload = begin(world, size=SINGLE_BYTES + 1)
    path = f"/v1/uploads/{upload['upload_id']}"
    assert world.client.delete(path, headers=world.headers()).status_code == 204
    assert world.client.get(path, headers=world.headers()).status_code == 404
    with pytest.raises(Exception, match="no multipart upload"):
        world.transfers.send(upload["parts"][0]["url"], {}, bytes(SMALLEST_PART_BYTES))


@pytest.mark.parametrize(
    ("size", "expected"),
    [(1, None), (16 << 20, None), ((16 << 20) + 1, 8 << 20), (5 << 40, 525 << 20)],
)
def test_should_keep_parts_within_what_s3_takes(size: int, expected: int | None) -> None:
    assert part_size(size) == expected
    assert expected is None or -(-size // expected) <= 10_000
