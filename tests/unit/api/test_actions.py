"""Cancel, retry, reprocess, rename: what each does in each state, and repeated."""

from typing import Any

import pytest

from runtime.core.jobs import Failure, Job, State, cancel, fail, succeed
from runtime.core.messages import requeue_message
from tests.unit.api.world import BUCKET, World

ANY_FAILURE = Failure(code="any.code", summary="Any summary.", resolution="Any resolution.")


def ended(world: World, state: State) -> Job:
    job, now = world.job(), world.clock.now()
    match state:
        case State.SUCCEEDED:
            after = succeed(job, now=now, result_key=f"results/{job.job_id}/summary.json")
        case State.FAILED:
            after = fail(job, now=now, failure=ANY_FAILURE)
        case State.CANCELLED:
            after = cancel(job, now=now)
        case _:
            return job
    world.jobs.save(job, after)
    return after


def act(world: World, job: Job, action: str, **body: Any) -> Any:
    return world.client.post(
        f"/v1/jobs/{job.job_id}/{action}", headers=world.headers(), json=body or None
    )


@pytest.mark.parametrize(
    ("state", "action", "status", "after"),
    [
        (State.RUNNING, "cancel", 202, State.CANCELLED),
        (State.CANCELLED, "cancel", 202, State.CANCELLED),
        (State.FAILED, "cancel", 409, State.FAILED),
        (State.SUCCEEDED, "cancel", 409, State.SUCCEEDED),
        (State.FAILED, "retry", 202, State.PENDING),
        (State.CANCELLED, "retry", 202, State.PENDING),
        (State.SUCCEEDED, "retry", 409, State.SUCCEEDED),
        (State.RUNNING, "retry", 409, State.RUNNING),
        (State.SUCCEEDED, "reprocess", 202, State.PENDING),
        (State.FAILED, "reprocess", 202, State.PENDING),
        (State.RUNNING, "reprocess", 409, State.RUNNING),
    ],
)
def test_should_do_what_the_state_allows(
    world: World, state: State, action: str, status: int, after: State
) -> None:
    job = ended(world, state)
    answer = act(world, job, action)
    assert answer.status_code == status, answer.text
    assert world.jobs.jobs[job.job_id].state is after
    announced = [requeue_message(job.job_id)] if after is State.PENDING else []
    assert world.queue.bodies == announced


def test_should_reprocess_with_other_options_that_the_upload_does_not_overrule(
    world: World,
) -> None:
    job = ended(world, State.SUCCEEDED)
    answer = act(world, job, "reprocess", options={"language": "de"})
    assert answer.json()["options"] == {"language": ["de"]}
    recorded = world.jobs.jobs[job.job_id]
    assert (recorded.options_requested, recorded.result_key) == (True, job.result_key)
    refused = act(world, job, "reprocess", options={"language": "no-such"})
    assert (refused.status_code, refused.json()["code"]) == (422, "options.invalid")


def test_should_not_run_again_what_was_replaced(world: World) -> None:
    job = ended(world, State.FAILED)
    world.objects.put(BUCKET, job.source.key, b"other bytes")
    answer = act(world, job, "retry")
    assert (answer.status_code, answer.json()["code"]) == (409, "upload.gone")


def test_should_rename_a_job_that_has_ended(world: World) -> None:
    running, done = world.job("running.mp4"), ended(world, State.SUCCEEDED)
    path = f"/v1/jobs/{done.job_id}"
    renamed = world.client.patch(path, json={"title": " New "}, headers=world.headers())
    assert renamed.json()["title"] == "New"
    assert world.client.get(path, headers=world.headers()).json()["title"] == "New"
    refused = world.client.patch(
        f"/v1/jobs/{running.job_id}", json={"title": "x"}, headers=world.headers()
    )
    assert refused.status_code == 409
