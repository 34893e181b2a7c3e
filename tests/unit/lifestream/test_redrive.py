"""Dead letters go back through the claims; nothing is lost wherever the operator dies."""

from contextlib import closing
from dataclasses import replace

import pytest

from lifestream.redrive import RedriveResult, peek, read, redrive
from runtime.core.jobs import Job, State
from runtime.core.messages import requeue_message
from tests.fakes.jobs import InMemoryJobStore
from tests.fakes.killing import Killed
from tests.unit.dispatcher.world import confirmation, s3_event
from tests.unit.lifestream.operators import Operators

LONGEST_REDRIVE = 12
"""More port calls than a redrive of two messages makes."""


@pytest.fixture
def operators() -> Operators:
    return Operators()


def redriven(operators: Operators) -> list[RedriveResult]:
    return list(redrive(operators.operations))


def test_should_run_a_failed_job_again(operators: Operators) -> None:
    job = operators.job_in(State.FAILED)
    operators.dead_letters.add(s3_event())
    (done,) = redriven(operators)
    assert (done.sent, done.gone) == (True, True)
    assert operators.queue.bodies == [s3_event()]
    waiting = operators.job(job.source)
    assert (waiting.state, waiting.runs) == (State.PENDING, 0)
    assert operators.dead_letters.letters == {}
    assert operators.dispatch() == 1
    assert operators.finish(job.source).state is State.SUCCEEDED


def test_should_start_an_upload_that_never_had_a_job(operators: Operators) -> None:
    source = operators.world.upload()
    operators.dead_letters.add(confirmation())
    assert [done.sent for done in redriven(operators)] == [True]
    assert operators.dispatch() == 1
    assert operators.world.launcher.started == [(source.job_id, 1)]


def test_should_send_the_message_of_a_job_under_way_without_touching_it(
    operators: Operators,
) -> None:
    job = operators.job_in(State.RUNNING)
    operators.dead_letters.add(requeue_message(job.job_id))
    assert [done.sent for done in redriven(operators)] == [True]
    assert operators.job(job.source) == job


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.CANCELLED])
def test_should_remove_what_has_nothing_left_to_do(operators: Operators, state: State) -> None:
    job = operators.job_in(state)
    operators.dead_letters.add(s3_event())
    operators.dead_letters.add(s3_event("uploads/gone.mp4"))
    operators.dead_letters.add(requeue_message("no-such-job"))
    operators.dead_letters.add(s3_event("uploads/notes.txt"))
    assert [(done.sent, done.gone) for done in redriven(operators)] == [(False, True)] * 4
    assert operators.job(job.source) == job
    assert operators.queue.bodies == []
    assert operators.dead_letters.count() == 0


def test_should_put_back_only_the_failed_jobs_of_a_message_of_several(
    operators: Operators,
) -> None:
    failed = operators.job_in(State.FAILED, "uploads/1.mp4")
    done = operators.job_in(State.SUCCEEDED, "uploads/2.mp4")
    operators.dead_letters.add(s3_event("uploads/1.mp4", "uploads/2.mp4"))
    assert [each.sent for each in redriven(operators)] == [True]
    assert operators.job(failed.source).state is State.PENDING
    assert operators.job(done.source) == done


def test_should_leave_unreadable_messages_visible(operators: Operators) -> None:
    operators.dead_letters.add("not json")
    (done,) = redriven(operators)
    assert (done.sent, done.gone) == (False, False)
    assert "is not JSON" in done.summary
    assert len(operators.dead_letters.receive()) == 1


def test_should_give_back_the_rest_of_the_batch_when_one_was_wanted(operators: Operators) -> None:
    operators.world.upload()
    wanted = operators.dead_letters.add(confirmation())
    others = [operators.dead_letters.add(confirmation("uploads/other.mp4")) for _ in range(3)]
    with closing(redrive(operators.operations, lambda letter: letter.message_id == wanted)) as work:
        assert next(work).sent
    assert [letter.message_id for letter in operators.dead_letters.receive()] == others


def test_should_work_through_more_than_one_batch(operators: Operators) -> None:
    for number in range(25):
        key = f"uploads/{number}.mp4"
        operators.world.upload(key, key.encode())
        operators.dead_letters.add(confirmation(key))
    assert len(redriven(operators)) == operators.dispatch() == 25
    assert len(operators.world.launcher.started) == 25


def test_should_look_without_changing_anything(operators: Operators) -> None:
    job = operators.job_in(State.FAILED)
    for _ in range(12):
        operators.dead_letters.add(s3_event())
    with peek(operators.dead_letters, limit=11) as letters:
        contents = [read(operators.operations, letter) for letter in letters]
    assert [content.subjects[0].job for content in contents] == [job] * 11
    assert operators.dead_letters.hidden == set()
    assert operators.dead_letters.count() == 12
    assert operators.job(job.source) == job


class CancelledAfterTheFirstLook(InMemoryJobStore):
    def get(self, job_id: str) -> Job | None:
        seen = super().get(job_id)
        if seen is not None and seen.state is State.FAILED:
            self.jobs[job_id] = replace(seen, state=State.CANCELLED)
        return seen


def test_should_leave_a_job_alone_that_is_cancelled_meanwhile(operators: Operators) -> None:
    job = operators.job_in(State.FAILED)
    operators.dead_letters.add(s3_event())
    store = CancelledAfterTheFirstLook()
    store.jobs[job.job_id] = job
    (done,) = redrive(replace(operators.operations, jobs=store))
    assert done.sent
    assert store.jobs[job.job_id] == replace(job, state=State.CANCELLED)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", range(LONGEST_REDRIVE))
def test_should_lose_nothing_wherever_the_operator_dies(
    operators: Operators, call: int, *, after: bool
) -> None:
    failed = operators.job_in(State.FAILED, "uploads/failed.mp4")
    fresh = operators.world.upload("uploads/fresh.mp4", b"fresh")
    operators.dead_letters.add(s3_event("uploads/failed.mp4"))
    operators.dead_letters.add(s3_event("uploads/fresh.mp4"))
    operators.switch.arm(call, after=after)
    try:
        redriven(operators)
    except Killed:
        operators.dead_letters.time_out()
    operators.switch.disarm()
    redriven(operators)
    assert operators.dead_letters.count() == 0
    for body in operators.queue.take():
        operators.world.deliver_until_gone(body)
    for source in (failed.source, fresh):
        assert operators.finish(source).state is State.SUCCEEDED
    runs = sorted(operators.world.launcher.started)
    assert len(runs) == len(set(runs)) == 3
