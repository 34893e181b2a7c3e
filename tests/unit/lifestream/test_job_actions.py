"""Cancel, retry and reprocess, with the dispatcher and the processors they meet."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from lifestream.job_actions import (
    ActionResult,
    announce_upload,
    cancel,
    change,
    known,
    reprocess,
    retry,
)
from runtime.core import jobs as lifecycle
from runtime.core.contract import work_prefix
from runtime.core.errors import Permanent, Retryable
from runtime.core.jobs import Job, State, succeed
from runtime.core.messages import requeue_message
from runtime.core.ports import StaleWriteError
from tests.fakes.killing import Killed
from tests.unit.dispatcher.world import BUCKET, KEY
from tests.unit.lifestream.operators import Operators

UNENDED = [State.CLAIMED, State.RUNNING]


@pytest.fixture
def operators() -> Operators:
    return Operators()


@pytest.mark.parametrize("state", UNENDED)
def test_should_cancel_a_job_and_stop_its_task(operators: Operators, state: State) -> None:
    job = operators.job_in(state)
    task_arn = operators.tasks.find(job)
    outcome = cancel(operators.operations, job.job_id)
    assert outcome.ok
    assert operators.job(job.source).state is State.CANCELLED
    assert [arn for arn, _ in operators.tasks.stopped] == [task_arn]
    assert f"jobs retry {job.job_id}" in outcome.next


def test_should_fence_out_the_processor_of_a_cancelled_job(operators: Operators) -> None:
    running = operators.job_in(State.RUNNING)
    cancel(operators.operations, running.job_id)
    with pytest.raises(StaleWriteError):
        operators.world.jobs.save(running, succeed(running, now=2.0, result_key="any"))


def test_should_stop_the_task_when_a_cancel_that_died_is_repeated(operators: Operators) -> None:
    job = operators.job_in(State.RUNNING)
    operators.switch.arm(3, after=False)
    with pytest.raises(Killed, match="before stop"):
        cancel(operators.operations, job.job_id)
    operators.switch.disarm()
    assert cancel(operators.operations, job.job_id).ok
    assert len(operators.tasks.stopped) == 1


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED])
def test_should_not_cancel_what_has_ended(operators: Operators, state: State) -> None:
    job = operators.job_in(state)
    outcome = cancel(operators.operations, job.job_id)
    assert not outcome.ok
    assert f"is {state} already" in outcome.summary
    assert operators.job(job.source) == job
    assert operators.tasks.stopped == []


def test_should_decide_anew_when_the_job_ends_while_it_is_cancelled(operators: Operators) -> None:
    running = operators.job_in(State.RUNNING)

    def finished_meanwhile(job: Job, now: float) -> Job:
        if job.state is State.RUNNING:
            operators.world.jobs.save(running, succeed(running, now=now, result_key="any"))
        return job if job.ended else lifecycle.cancel(job, now=now)

    job = change(operators.operations, running.job_id, finished_meanwhile)
    assert job.state is State.SUCCEEDED


def test_should_give_up_on_a_job_that_never_keeps_still(operators: Operators) -> None:
    running = operators.job_in(State.RUNNING)

    def overtaken(job: Job, now: float) -> Job:
        operators.world.jobs.jobs[job.job_id] = replace(job, attempt=job.attempt + 1)
        return lifecycle.cancel(job, now=now)

    with pytest.raises(Retryable, match="changed 5 times"):
        change(operators.operations, running.job_id, overtaken)
    assert operators.job(running.source).state is State.RUNNING


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED])
def test_should_run_a_job_again_with_a_fresh_budget(operators: Operators, state: State) -> None:
    job = operators.job_in(state)
    outcome = retry(operators.operations, job.job_id)
    assert outcome.ok
    waiting = operators.job(job.source)
    assert (waiting.state, waiting.runs, waiting.reruns) == (State.PENDING, 0, 1)
    assert operators.queue.bodies == [requeue_message(job.job_id)]
    assert operators.dispatch() == 1
    assert operators.finish(job.source).runs == 1
    assert len(operators.world.launcher.started) == 2


def test_should_run_a_job_once_when_a_retry_that_died_is_repeated(operators: Operators) -> None:
    job = operators.job_in(State.FAILED)
    operators.switch.arm(4, after=False)
    with pytest.raises(Killed, match="before send"):
        retry(operators.operations, job.job_id)
    operators.switch.disarm()
    assert operators.job(job.source).state is State.PENDING
    assert retry(operators.operations, job.job_id).ok
    assert operators.job(job.source).reruns == 1
    assert operators.dispatch() == 1
    assert len(operators.world.launcher.started) == 2


@pytest.mark.parametrize("state", [*UNENDED, State.SUCCEEDED])
def test_should_refuse_to_retry_what_did_not_fail(operators: Operators, state: State) -> None:
    job = operators.job_in(state)
    outcome = retry(operators.operations, job.job_id)
    assert not outcome.ok
    assert operators.job(job.source) == job
    assert operators.queue.bodies == []
    assert ("jobs reprocess" in outcome.next) is (state is State.SUCCEEDED)


@pytest.mark.parametrize(
    ("state", "request_of"), [(State.FAILED, retry), (State.SUCCEEDED, reprocess)]
)
def test_should_leave_a_job_whose_upload_is_gone_or_replaced(
    operators: Operators, state: State, request_of: Callable[..., ActionResult]
) -> None:
    job = operators.job_in(state)
    newer = operators.world.upload(KEY, b"another version")
    with pytest.raises(Permanent, match=f"job of its own, {newer.job_id}"):
        request_of(operators.operations, job.job_id)
    operators.world.objects.delete(job.source.bucket, KEY)
    with pytest.raises(Permanent, match="is gone"):
        request_of(operators.operations, job.job_id)
    assert operators.job(job.source) == job
    assert operators.queue.bodies == []


def test_should_reprocess_and_keep_the_results_until_new_ones_are_published(
    operators: Operators,
) -> None:
    job = operators.job_in(State.SUCCEEDED)
    assert reprocess(operators.operations, job.job_id).ok
    assert operators.dispatch() == 1
    record = operators.world.jobs.idempotency[job.source.object_id]
    assert operators.job(job.source).result_key == record.result_s3_key == "results/old"
    assert record.status == "processed"
    assert operators.finish(job.source).result_key == "results/new"
    record = operators.world.jobs.idempotency[job.source.object_id]
    assert record.result_s3_key == "results/new"
    assert "delete_below" not in operators.switch.calls


def test_should_delete_checkpoints_between_the_record_and_the_message(operators: Operators) -> None:
    job = operators.job_in(State.SUCCEEDED)
    key = f"{work_prefix(job.job_id)}unit"
    operators.world.objects.write_bytes(b"any", BUCKET, key, "any/any")
    operators.switch.calls.clear()
    assert reprocess(operators.operations, job.job_id, from_scratch=True).ok
    assert list(operators.world.objects.list_objects(BUCKET, key)) == []
    assert operators.switch.calls[-3:] == ["save", "delete_below", "send"]


@pytest.mark.parametrize("state", [*UNENDED, State.FAILED, State.CANCELLED])
def test_should_refuse_to_reprocess_what_did_not_succeed(
    operators: Operators, state: State
) -> None:
    job = operators.job_in(state)
    outcome = reprocess(operators.operations, job.job_id, from_scratch=True)
    assert not outcome.ok
    assert operators.job(job.source) == job
    assert operators.queue.bodies == []
    assert "delete_below" not in operators.switch.calls
    assert ("jobs retry" in outcome.next) is (state in {State.FAILED, State.CANCELLED})


def test_should_announce_an_upload_whose_event_was_lost(operators: Operators) -> None:
    source = operators.world.upload()
    assert announce_upload(operators.operations, KEY).ok
    assert operators.dispatch() == 1
    assert operators.world.launcher.started == [(source.job_id, 1)]


def test_should_say_that_there_is_no_such_job(operators: Operators) -> None:
    with pytest.raises(Permanent, match=r"no job 123 in the environment any.*jobs list"):
        known(operators.operations, "123")


def test_should_leave_the_worker_of_a_cancelled_job_to_its_next_job(operators: Operators) -> None:
    job = operators.job_in(State.RUNNING)
    operators.tasks.workers.add("arn:any:worker")
    on_worker = replace(job, task_arn="arn:any:worker")
    operators.world.jobs.save(job, on_worker)
    operators.world.launcher.stop(job.job_id, job.attempt)
    for _ in range(2):
        assert cancel(operators.operations, job.job_id).ok
    assert operators.tasks.stopped == []
