"""Deletion, legal holds, certificates and the log of reads, as callers see them."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from runtime.api.identity import Scope
from runtime.api.reads import HOUR, ReadLog
from runtime.core.erasure import Inventory, finished
from runtime.core.errors import Retryable
from runtime.core.job_events import job_event
from runtime.core.jobs import Job, State, hold
from runtime.events.announcer import changed_message
from tests.unit.api.test_actions import ended
from tests.unit.api.world import ADMIN, OWNER, STRANGER, World, served


def delete(world: World, job: Job, who: str = OWNER) -> int:
    return world.client.delete(f"/v1/jobs/{job.job_id}", headers=world.headers(who)).status_code


def certificate(world: World, job: Job, who: str = OWNER, **query: str) -> tuple[int, str]:
    answer = world.client.get(
        f"/v1/jobs/{job.job_id}/erasure", headers=world.headers(who), params=query
    )
    return answer.status_code, answer.text


def erase(world: World, job: Job) -> None:
    """Do what the reaper does."""
    fenced = world.jobs.jobs[job.job_id]
    counted = Inventory(requested_at=fenced.updated_at, counts={"upload": 1}, size_bytes=1)
    begun = world.erasures.begin(fenced, lambda: counted)
    done = finished(begun, now=world.clock.now(), kept=(), watch_seconds=60)
    world.erasures.finish(fenced, done)


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.CANCELLED, State.RUNNING])
def test_should_hide_a_job_at_once_in_any_state(world: World, state: State) -> None:
    job, other = ended(world, state), world.job("other.mp4")
    assert delete(world, job) == 202
    recorded = world.jobs.jobs[job.job_id]
    assert recorded.state is State.ERASING
    assert (recorded.not_before is not None) is (state is State.RUNNING)
    assert delete(world, job) == 404, "it is gone"
    for who in (OWNER, ADMIN):
        for path in ("", "/results", "/media", "/edits", "/events", "/reads"):
            url = f"/v1/jobs/{job.job_id}{path}"
            assert world.client.get(url, headers=world.headers(who)).status_code == 404, path
    listed = world.client.get("/v1/jobs", headers=world.headers()).json()["items"]
    assert [each["job_id"] for each in listed] == [other.job_id]
    assert job.job_id not in {each.job_id for each in world.listing.changed_since(0.0)}


def test_should_show_the_certificate_to_its_owner_and_admins_alone(world: World) -> None:
    job = ended(world, State.SUCCEEDED)
    assert certificate(world, job)[0] == 404
    assert delete(world, job) == 202
    status, text = certificate(world, job)
    assert (status, '"state":"erasing"' in text) == (200, True)
    erase(world, job)
    for who in (OWNER, ADMIN):
        status, text = certificate(world, job, who)
        assert (status, '"state":"erased"' in text) == (200, True), who
    assert "The id alone is kept until" in certificate(world, job, text="1")[1]
    assert certificate(world, job, STRANGER)[0] == 404
    assert world.client.get("/v1/jobs/no-id/erasure", headers=world.headers()).status_code == 404


def test_should_neither_erase_nor_replace_what_is_on_hold(world: World) -> None:
    job = ended(world, State.SUCCEEDED)
    path = f"/v1/jobs/{job.job_id}/hold"
    held = world.client.put(path, json={"reason": "any case"}, headers=world.headers(ADMIN))
    assert held.json()["on_hold"] is True
    answers = [
        world.client.delete(f"/v1/jobs/{job.job_id}", headers=world.headers()),
        world.client.post(f"/v1/jobs/{job.job_id}/reprocess", headers=world.headers()),
    ]
    assert {(each.status_code, each.json()["code"]) for each in answers} == {(409, "job.on_hold")}
    everything = {"owner": OWNER}
    answer = world.client.post("/v1/erasures", json=everything, headers=world.headers(ADMIN))
    assert (answer.json()["erasing"], answer.json()["on_hold"]) == ([], [job.job_id])
    assert world.client.delete(path, headers=world.headers(ADMIN)).json()["on_hold"] is False
    assert delete(world, job) == 202


def test_should_not_hold_what_expires_all_the_same(world: World) -> None:
    job = ended(world, State.SUCCEEDED)
    path = f"/v1/jobs/{job.job_id}/hold"
    held = world.client.put(path, headers=world.headers(ADMIN), json={"reason": "any"})
    assert held.status_code == 200
    expiring = replace(world.services.actions, object_days=30)
    client = TestClient(served(replace(world.services, actions=expiring)))
    again = client.put(path, headers=world.headers(ADMIN), json={"reason": "another"})
    assert (again.status_code, again.json()["code"]) == (409, "hold.would_expire")
    assert "30 days" in again.json()["detail"]
    assert "storage.upload_days" in again.json()["remedy"]
    lifted = client.delete(path, headers=world.headers(ADMIN))
    assert (lifted.status_code, lifted.json()["on_hold"]) == (200, False)
    client.close()


def test_should_not_erase_what_is_put_on_hold_at_the_same_moment(world: World) -> None:
    job = ended(world, State.SUCCEEDED)

    def hold_first(name: str) -> None:
        if name == "save" and world.jobs.jobs[job.job_id].hold is None:
            before = world.jobs.jobs[job.job_id]
            world.jobs.jobs[job.job_id] = hold(before, reason="any", by=ADMIN, now=1.0)

    world.jobs.before_call = hold_first
    assert delete(world, job) == 409
    assert world.jobs.jobs[job.job_id].state is State.SUCCEEDED


def test_should_hold_only_what_has_ended(world: World) -> None:
    running = world.job()
    path = f"/v1/jobs/{running.job_id}/hold"
    answer = world.client.put(path, json={"reason": "any"}, headers=world.headers(ADMIN))
    assert answer.status_code == 409


def test_should_erase_all_jobs_of_an_owner_and_of_no_other(world: World) -> None:
    own = [world.job(f"{number}.mp4") for number in range(3)]
    foreign = world.job("foreign.mp4", owner=STRANGER)
    answer = world.client.post("/v1/erasures", json={"owner": OWNER}, headers=world.headers(ADMIN))
    assert (answer.status_code, answer.json()["on_hold"]) == (202, [])
    assert set(answer.json()["erasing"]) == {job.job_id for job in own}
    assert world.jobs.jobs[foreign.job_id].state is State.RUNNING


def test_should_take_the_access_of_an_owner_on_request(world: World) -> None:
    for owner in (OWNER, STRANGER):
        world.api_keys.make(owner=owner, name="any", scopes=[Scope.READ], expires_at=None)
        world.sender.endpoints.make(
            owner, url="https://any.example.test/", events=["job.failed"], description=""
        )

    def post(**more: bool) -> dict[str, int]:
        body = {"owner": OWNER, **more}
        answer = world.client.post("/v1/erasures", json=body, headers=world.headers(ADMIN)).json()
        return {"keys": answer["keys"], "webhooks": answer["webhooks"]}

    assert post() == {"keys": 0, "webhooks": 0}
    assert post(access=True) == {"keys": 1, "webhooks": 1}
    assert world.api_keys.of_owner(OWNER) == []
    assert len(world.api_keys.of_owner(STRANGER)) == 1


def test_should_say_that_a_file_is_being_erased_when_it_is_confirmed_again(world: World) -> None:
    job = ended(world, State.SUCCEEDED)
    assert delete(world, job) == 202
    with pytest.raises(Exception, match="being erased"):
        world.uploads.submit(job.source.key, job.source.size_bytes, began=1.0)


def test_should_keep_no_event_of_a_job_that_is_erased(world: World) -> None:
    endpoint = world.sender.endpoints.make(
        OWNER, url="https://any.example.test/", events=["job.failed"], description=""
    )
    job = ended(world, State.FAILED)
    event = job_event(None, job, environment="any")
    assert event is not None
    world.sender.work(changed_message(event))
    assert len(world.sender.deliveries.of_endpoint(endpoint.webhook_id, limit=9)) == 1
    assert delete(world, job) == 202
    again = replace(event, event_id="late")
    world.sender.work(changed_message(again))
    assert len(world.sender.deliveries.of_endpoint(endpoint.webhook_id, limit=9)) == 1
    assert job_event(job, world.jobs.jobs[job.job_id], environment="any") is None
    world.sender.endpoints.delete(OWNER, endpoint.webhook_id)
    assert world.webhook_records.dump() == [], "its deliveries go with a webhook"


def reads(world: World, job: Job) -> list[tuple[str, str]]:
    answer = world.client.get(f"/v1/jobs/{job.job_id}/reads", headers=world.headers())
    return [(each["owner"], each["action"]) for each in answer.json()["items"]]


def test_should_record_who_read_what_once_an_hour(world: World) -> None:
    job = ended(world, State.SUCCEEDED)
    path = f"/v1/jobs/{job.job_id}"
    for who in (OWNER, OWNER, ADMIN, STRANGER):
        world.client.get(f"{path}/media", headers=world.headers(who))
    media = "GET /v1/jobs/{job_id}/media"
    assert sorted(reads(world, job)) == [
        (ADMIN, media),
        (OWNER, media),
        (OWNER, "GET /v1/jobs/{job_id}/reads"),
    ], "another owner was refused, so nothing was read"
    world.clock.advance(HOUR)
    world.client.get(f"{path}/media", headers=world.headers())
    assert reads(world, job).count((OWNER, media)) == 2


def test_should_list_reads_in_pages_and_forget_them_in_time(world: World) -> None:
    job = ended(world, State.SUCCEEDED)
    for path in ("", "/media", "/events"):
        world.client.get(f"/v1/jobs/{job.job_id}{path}", headers=world.headers())
    url = f"/v1/jobs/{job.job_id}/reads"
    first = world.client.get(url, headers=world.headers(), params={"limit": 3}).json()
    rest = world.client.get(
        url, headers=world.headers(), params={"cursor": first["next_cursor"]}
    ).json()
    assert (len(first["items"]), len(rest["items"])) == (3, 1)
    world.clock.advance(31 * 86_400)
    assert len(reads(world, job)) == 1


def test_should_answer_although_a_read_cannot_be_recorded(world: World) -> None:
    job = ended(world, State.SUCCEEDED)

    def fail(_name: str) -> None:
        raise Retryable("aws.any", "Any.", "Any.")

    world.read_records.before_call = fail
    url = f"/v1/jobs/{job.job_id}"
    assert world.client.get(url, headers=world.headers()).status_code == 200
    assert "reads.not_recorded" in {line.action for line in world.log.lines}
    unlogged = ReadLog(None, days=1, clock=world.clock, log=world.log)
    assert unlogged.of_job(job.job_id, limit=1, after=None) == ([], None)
