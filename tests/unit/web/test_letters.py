"""Dead letters as the API answers them, in the words of the operator's page."""

import pytest

from runtime.core.jobs import Failure, cancel, fail, succeed
from runtime.core.messages import Upload, confirm_message, requeue_message
from runtime.web.view.letters import LetterRow, letter_rows
from tests.unit.api.world import ADMIN, BUCKET, World
from tests.unit.dispatcher.world import s3_event


def rows(world: World) -> list[LetterRow]:
    answer = world.client.get("/v1/dead-letters", headers=world.headers(ADMIN))
    return letter_rows(answer.json()["letters"], world.clock.now())


def test_a_failed_recording_has_its_reason_and_its_page() -> None:
    world = World()
    running = world.job("cut\u202e.mp4", owner="ann")
    failure = Failure(code="media.broken", summary="It is\x1b cut.", resolution="Again.")
    world.jobs.save(running, fail(running, now=world.clock.now(), failure=failure))
    world.dead_letters.add(requeue_message(running.job_id), sent_at=world.clock.now() - 7200)
    (row,) = rows(world)
    assert (row.job_id, row.owner, row.kind) == (running.job_id, "ann", "Another run")
    assert (row.name, row.reason) == ("cut\\u202e.mp4", "It is\\u001b cut.")
    assert (row.code, row.sent, row.receives) == ("media.broken", "2 h ago", 1)
    world.client.close()


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("SUCCEEDED", "Nothing is left to do: the recording is ready."),
        ("CANCELLED", "Nothing is left to do: the recording was cancelled."),
        ("RUNNING", "Its job goes on (at work)."),
    ],
)
def test_a_letter_says_what_became_of_its_recording(state: str, reason: str) -> None:
    world = World()
    job = world.job()
    now = world.clock.now()
    if state == "SUCCEEDED":
        world.jobs.save(job, succeed(job, now=now, result_key="any"))
    if state == "CANCELLED":
        world.jobs.save(job, cancel(job, now=now))
    world.dead_letters.add(requeue_message(job.job_id))
    assert [(row.job_id, row.reason) for row in rows(world)] == [(job.job_id, reason)]
    world.client.close()


def test_letters_without_a_job_say_why() -> None:
    world = World()
    world.objects.put(BUCKET, "uploads/new.mp4", b"new")
    bodies = (
        confirm_message(Upload(BUCKET, "uploads/new.mp4")),
        s3_event("uploads/1.mp4", "uploads/2.mp4"),
        s3_event("results/any.json"),
        "not json",
    )
    for number, body in enumerate(bodies):
        world.dead_letters.add(body, sent_at=float(number + 1))
    found = [(row.name, row.kind, row.reason) for row in rows(world)]
    assert found[0] == ("uploads/new.mp4", "Confirmed upload", "No job was started for it.")
    assert found[1:3] == [
        (f"uploads/{number}.mp4", "Upload", "Nothing is left to do: it is gone.")
        for number in (1, 2)
    ]
    assert found[-2] == ("", "Upload", "Nothing is left to do: it asks for nothing.")
    name, kind, reason = found[-1]
    assert (name, kind) == ("", "Unreadable")
    assert reason.startswith("The message is not JSON")
    assert {row.job_id for row in rows(world)} == {""}
    world.client.close()
