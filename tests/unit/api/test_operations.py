"""Failures of all owners, and costs by day, for admins."""

import json
from typing import Any

from runtime.core.contract import ResultFile, attempt_folder, result_prefix
from runtime.core.jobs import Failure, Job, fail, succeed
from runtime.results.render.manifest import manifest_document
from tests.unit.api.world import ADMIN, BUCKET, World

DAY = 86_400.0


def finished(world: World, name: str, *, owner: str, cost: float | None) -> Job:
    running = world.job(name, owner=owner)
    prefix = result_prefix(running.job_id) + attempt_folder(running.attempt)
    manifest = manifest_document(running.job_id, [], folder=attempt_folder(running.attempt))
    metrics = {"media_seconds": 60.0, "cost_usd": cost}
    for file, document in ((ResultFile.MANIFEST, manifest), (ResultFile.METRICS, metrics)):
        content = json.dumps(document).encode()
        world.objects.write_bytes(content, BUCKET, prefix + file, "application/json")
    done = succeed(running, now=world.clock.now(), result_key=prefix + ResultFile.SUMMARY_JSON)
    world.jobs.save(running, done)
    return done


def read(world: World, path: str) -> Any:
    answer = world.client.get(path, headers=world.headers(ADMIN))
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_should_sum_costs_of_all_owners_by_day(world: World) -> None:
    finished(world, "old.mp4", owner="ann", cost=9.0)
    world.clock.advance(3 * DAY)
    finished(world, "a.mp4", owner="ann", cost=0.25)
    world.clock.advance(DAY)
    finished(world, "b.mp4", owner="ann", cost=0.5)
    finished(world, "c.mp4", owner="ben", cost=0.125)
    finished(world, "d.mp4", owner="ben", cost=None)
    found = read(world, "/v1/costs?days=2")
    assert found["complete"] is True
    figures = [(d["jobs"], d["cost_usd"], d["unpriced"], d["media_seconds"]) for d in found["days"]]
    assert figures == [(3, 0.625, 1, 180.0), (1, 0.25, 0, 60.0)]
    assert found["days"][0]["day"] > found["days"][1]["day"]


def test_should_list_failures_of_all_owners_newest_first(world: World) -> None:
    for name, owner in (("a.mp4", "ann"), ("b.mp4", "ben"), ("c.mp4", "ben")):
        running = world.job(name, owner=owner)
        world.clock.advance(1)
        failure = Failure(code="media.broken", summary=f"{name} is cut.", resolution="Again.")
        world.jobs.save(running, fail(running, now=world.clock.now(), failure=failure))
    found = read(world, "/v1/failures?limit=2")
    assert [(job["name"], job["owner"]) for job in found] == [("c.mp4", "ben"), ("b.mp4", "ben")]
    assert found[0]["error"]["message"] == "c.mp4 is cut."
