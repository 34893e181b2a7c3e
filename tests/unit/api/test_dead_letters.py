"""Dead letters for admins: each with its job and the reason, hidden from no one."""

from typing import Any

import pytest

from runtime.core.errors import Permanent
from runtime.core.jobs import Failure, Job, erase, fail
from runtime.core.messages import Upload, confirm_message, requeue_message
from tests.unit.api.world import ADMIN, BUCKET, World

FAILURE = Failure(code="media.broken", summary="It is cut.", resolution="Upload it again.")


def failed(world: World, name: str, *, owner: str = "ann") -> Job:
    running = world.job(name, owner=owner)
    ended = fail(running, now=world.clock.now(), failure=FAILURE)
    world.jobs.save(running, ended)
    return ended


def read(world: World, query: str = "") -> Any:
    answer = world.client.get(f"/v1/dead-letters{query}", headers=world.headers(ADMIN))
    assert answer.status_code == 200, answer.text
    return answer.json()


def uploaded(key: str) -> str:
    return confirm_message(Upload(BUCKET, key))


def test_should_list_letters_with_the_jobs_of_all_owners(world: World) -> None:
    job = failed(world, "cut.mp4")
    world.objects.put(BUCKET, "uploads/new.mp4", b"new")
    world.dead_letters.add(uploaded(job.source.key), sent_at=1.0, receives=5)
    world.dead_letters.add(requeue_message("gone"), sent_at=2.0)
    world.dead_letters.add(uploaded("uploads/new.mp4"), sent_at=3.0)
    world.dead_letters.add("not json", sent_at=4.0)
    found = read(world)
    assert (found["total"], found["complete"]) == (4, True)
    assert found["list_command"] == "python -m lifestream --environment test dlq list"
    assert found["redrive_command"] == "python -m lifestream --environment test dlq redrive --all"
    kinds = [letter["kind"] for letter in found["letters"]]
    assert kinds == ["confirmation", "requeue", "confirmation", None]
    first, unreadable = found["letters"][0], found["letters"][3]
    assert (first["sent_at"], first["receives"], first["problem"]) == (1.0, 6, None)
    concerned = first["concerns"][0]
    assert (concerned["job_id"], concerned["state"]) == (job.job_id, "FAILED")
    assert concerned["job"]["owner"] == "ann"
    assert concerned["job"]["error"]["code"] == "media.broken"
    assert "is not JSON" in unreadable["problem"]
    others = [letter["concerns"][0] for letter in found["letters"][1:3]]
    assert [(each["about"], each["job_id"], each["state"], each["job"]) for each in others] == [
        ("job gone", "gone", "gone", None),
        ("uploads/new.mp4", None, "no job yet", None),
    ]


def test_should_hide_no_letter_from_those_who_send_them_again(world: World) -> None:
    for number in range(25):
        world.dead_letters.add(uploaded(f"uploads/{number}.mp4"))
    found = read(world, "?limit=12")
    assert (len(found["letters"]), found["total"], found["complete"]) == (12, 25, False)
    assert world.dead_letters.hidden == set()
    assert world.dead_letters.count() == 25


def test_should_show_nothing_of_a_job_that_is_being_erased(world: World) -> None:
    job = failed(world, "secret.mp4")
    world.jobs.save(job, erase(job, now=world.clock.now()))
    world.dead_letters.add(requeue_message(job.job_id))
    (letter,) = read(world)["letters"]
    assert letter["concerns"] == [
        {"about": f"job {job.job_id}", "job_id": None, "state": "gone", "job": None}
    ]


def test_should_list_a_letter_whose_record_cannot_be_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = failed(world, "cut.mp4")
    world.dead_letters.add(requeue_message(job.job_id))
    world.dead_letters.add("not json", sent_at=1.0)

    def get(_job_id: str) -> Job | None:
        raise Permanent("job.unreadable", "The record has no state.", "Correct it.")

    monkeypatch.setattr(world.jobs, "get", get)
    problems = [letter["problem"] for letter in read(world)["letters"]]
    assert problems[0] == "The record has no state."
    assert "is not JSON" in problems[1]


def test_should_say_so_where_there_is_no_queue_of_dead_letters() -> None:
    world = World(dead_letters=None)
    answer = world.client.get("/v1/dead-letters", headers=world.headers(ADMIN))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    world.client.close()


def test_should_count_dead_letters_with_the_queue(world: World) -> None:
    world.dead_letters.add("any")
    world.dead_letters.add("any")
    world.dead_letters.receive()
    cpu = world.client.get("/v1/queues", headers=world.headers(ADMIN)).json()[0]
    assert cpu["dead_letters"] == 2
