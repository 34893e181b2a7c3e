"""Listing and reading jobs, and what others see of them."""

from typing import Any

import pytest

from runtime.core.jobs import Failure, fail, report, succeed
from tests.unit.api.world import ADMIN, STRANGER, World

ANY_FAILURE = Failure(code="media.too_long", summary="Too long.", resolution="Cut it.")


def listed(world: World, query: str = "", **headers: str) -> dict[str, Any]:
    answer = world.client.get(f"/v1/jobs{query}", headers=headers or world.headers())
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def test_should_page_through_the_callers_own_jobs(world: World) -> None:
    for number in range(5):
        world.job(f"{number}.mp4")
        world.clock.advance(1)
    world.job("other.mp4", owner=STRANGER)
    names: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = listed(world, f"?limit=2&cursor={cursor}")
        names += [job["name"] for job in page["items"]]
        cursor = page["next_cursor"]
    assert names == ["4.mp4", "3.mp4", "2.mp4", "1.mp4", "0.mp4"]


def test_should_filter_by_state_and_text(world: World) -> None:
    failing = world.job("a.mp4", title="A talk")
    world.job("b.mp4")
    world.jobs.save(failing, fail(failing, now=world.clock.now(), failure=ANY_FAILURE))
    assert [job["name"] for job in listed(world, "?state=FAILED")["items"]] == ["a.mp4"]
    assert [job["name"] for job in listed(world, "?text=TALK")["items"]] == ["a.mp4"]
    assert listed(world, "?state=FAILED&text=b.mp4")["items"] == []


@pytest.mark.parametrize("cursor", ["no", "AAAA", "W10", "WzEsICJhIiwgMl0", "W05hTiwgImEiXQ"])
def test_should_refuse_a_cursor_of_no_listing(world: World, cursor: str) -> None:
    answer = world.client.get(f"/v1/jobs?cursor={cursor}", headers=world.headers())
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")


def test_should_show_progress_and_failure(world: World) -> None:
    job = world.job()
    running = report(job, now=world.clock.now() + 1, stage="diarize", progress=0.4)
    world.jobs.save(job, running)
    shown = world.client.get(f"/v1/jobs/{job.job_id}", headers=world.headers()).json()
    assert (shown["state"], shown["stage"], shown["progress"]) == ("RUNNING", "diarize", 0.4)
    states = {stage["name"]: stage["state"] for stage in shown["stages"]}
    assert (states["transcribe"], states["diarize"], states["publish"]) == (
        "done",
        "running",
        "pending",
    )
    world.jobs.save(running, fail(running, now=world.clock.now() + 2, failure=ANY_FAILURE))
    failed = world.client.get(f"/v1/jobs/{job.job_id}", headers=world.headers()).json()
    assert failed["error"] == {
        "code": "media.too_long",
        "message": "Too long.",
        "remedy": "Cut it.",
    }
    assert failed["finished_at"] == world.clock.now() + 2


def test_should_show_another_owners_job_to_an_admin_only(world: World) -> None:
    job = world.job()
    path = f"/v1/jobs/{job.job_id}"
    assert world.client.get(path, headers=world.headers(STRANGER)).status_code == 404
    assert world.client.get(path, headers=world.headers(ADMIN)).status_code == 200
    query = f"/v1/jobs?owner={job.submission.owner}"
    assert world.client.get(query, headers=world.headers(STRANGER)).status_code == 403
    assert len(world.client.get(query, headers=world.headers(ADMIN)).json()["items"]) == 1


def test_should_say_so_while_a_dependency_is_down(world: World) -> None:
    assert world.client.get("/ready").status_code == 200
    world.clock.advance(60)
    world.jobs.before_call = lambda _name: 1 / 0
    assert world.client.get("/ready").json() == {"ready": False}
    health = world.client.get("/health")
    assert health.status_code == 200
    assert health.json()["dependencies"] == [
        {"name": "jobs", "ok": False, "detail": "ZeroDivisionError"}
    ]


def test_should_take_an_ending_instance_out_of_service(world: World) -> None:
    world.health.drain()
    assert world.client.get("/ready").status_code == 503
    assert world.client.get("/health").json()["status"] == "draining"


def test_should_finish_with_every_stage_done(world: World) -> None:
    job = world.job()
    done = succeed(job, now=world.clock.now(), result_key="results/any/summary.json")
    world.jobs.save(job, done)
    shown = world.client.get(f"/v1/jobs/{job.job_id}", headers=world.headers()).json()
    assert {stage["state"] for stage in shown["stages"]} == {"done"}
    assert shown["progress"] == 1.0
