"""Operators erase jobs, hold them, and find all that belongs to an owner."""

import json
from dataclasses import replace

import pytest

from runtime.core.contract import ERASE_EVENT
from runtime.core.erasure import Inventory, finished
from runtime.core.errors import Permanent
from runtime.core.jobs import Job, State
from tests.fakes.killing import Killed
from tests.unit.dispatcher.world import BUCKET, s3_event
from tests.unit.lifestream.operators import Operators

OWNER = "any-owner"


@pytest.fixture
def operators() -> Operators:
    return Operators()


def reap(operators: Operators) -> None:
    """Do what the reaper does with every job that is being erased."""
    world = operators.world
    for job in list(world.jobs.in_state(State.ERASING)):
        counted = Inventory(requested_at=job.updated_at, counts={"upload": 1}, size_bytes=1)
        begun = operators.erasures.begin(job, lambda counted=counted: counted)  # type: ignore[misc]
        done = finished(begun, now=world.clock.now(), kept=(), watch_seconds=60)
        operators.erasures.finish(job, done)


@pytest.mark.parametrize("state", [State.RUNNING, State.SUCCEEDED, State.FAILED, State.CANCELLED])
def test_should_erase_a_job_in_any_state_and_print_its_certificate(
    operators: Operators, state: State
) -> None:
    job = operators.job_in(state)
    operators.reaper.when_invoked = lambda: reap(operators)
    printed = operators.type("jobs", "delete", job.source.key, "--yes", "--wait", "--json")
    assert printed.status == 0, printed
    assert json.loads(printed.out)["state"] == "erased"
    assert operators.reaper.events == [ERASE_EVENT]
    assert operators.world.jobs.jobs == {}
    shown = operators.type("jobs", "erasure", job.job_id)
    assert f"Erasure of job {job.job_id}" in shown.out


def test_should_repeat_a_deletion_that_was_interrupted(operators: Operators) -> None:
    job = operators.job_in(State.SUCCEEDED)
    operators.switch.arm(1, after=True)
    with pytest.raises(Killed):
        operators.type("jobs", "delete", job.job_id, "--yes")
    operators.switch.disarm()
    assert operators.type("jobs", "delete", job.job_id, "--yes").status == 0
    assert operators.job(job.source).state is State.ERASING


def test_should_give_up_waiting_for_a_reaper_that_does_nothing(operators: Operators) -> None:
    job = operators.job_in(State.SUCCEEDED)
    printed = operators.type("jobs", "delete", job.job_id, "--yes", "--wait")
    assert printed.status == 1
    assert "doctor" in printed.out


def test_should_erase_nothing_that_is_on_hold(operators: Operators) -> None:
    job = operators.job_in(State.SUCCEEDED)
    assert operators.type("jobs", "hold", job.job_id, "--reason", "any case").status == 0
    with pytest.raises(Exception, match="legal hold"):
        operators.type("jobs", "delete", job.job_id, "--yes")
    with pytest.raises(Exception, match="legal hold"):
        operators.type("jobs", "reprocess", job.job_id)
    assert operators.type("jobs", "release", job.job_id).status == 0
    assert operators.type("jobs", "delete", job.job_id, "--yes").status == 0


def test_should_not_hold_what_expires_all_the_same(operators: Operators) -> None:
    job = operators.job_in(State.SUCCEEDED)
    operators.operations = replace(operators.operations, object_days=30)
    with pytest.raises(Permanent, match="after 30 days") as refused:
        operators.type("jobs", "hold", job.job_id, "--reason", "any case")
    assert refused.value.code == "hold.would_expire"
    assert operators.job(job.source).hold is None


def test_should_hold_only_what_has_ended(operators: Operators) -> None:
    job = operators.job_in(State.RUNNING)
    with pytest.raises(Exception, match="only an ended job"):
        operators.type("jobs", "hold", job.job_id, "--reason", "any")


def test_should_say_that_there_is_no_certificate(operators: Operators) -> None:
    with pytest.raises(Exception, match="no certificate"):
        operators.type("jobs", "erasure", "0" * 32)


def test_should_find_and_erase_all_of_an_owner(operators: Operators) -> None:
    recorded, foreign = owned(operators, "recorded", OWNER), owned(operators, "foreign", "other")
    forgotten = operators.world.objects.put(
        BUCKET, "uploads/forgotten.mp4", b"forgotten", lifestream_owner=OWNER
    )
    printed = operators.type("erase", "--owner", OWNER, "--yes")
    assert printed.status == 0
    assert {recorded.job_id, forgotten.job_id} == set(printed.out.split()) - {"being", "erased"}
    assert operators.job(foreign.source).state is State.CLAIMED
    assert operators.job(forgotten).state is State.ERASING
    nothing = operators.type("erase", "--owner", "unknown", "--yes")
    assert (nothing.status, "Nothing" in nothing.out) == (0, True)


def owned(operators: Operators, name: str, owner: str) -> Job:
    key = f"uploads/{name}.mp4"
    source = operators.world.objects.put(BUCKET, key, name.encode(), lifestream_owner=owner)
    assert operators.world.deliver(s3_event(key))
    return operators.job(source)
