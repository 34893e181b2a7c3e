"""Receive, protect, claim, work, let go: the plain ways of a worker's messages."""

from pathlib import Path

import pytest

from runtime.core.contract import ExitCode, Metric, Stage
from runtime.core.errors import Permanent, Retryable
from runtime.core.jobs import State, requeue, start
from runtime.core.messages import queued_message, requeue_message
from tests.fakes.work_queue import MAX_RECEIVES, VISIBILITY_SECONDS
from tests.unit.processor.studio import Studio, raising
from tests.unit.processor.worker.pool import MAX_RUNS, TASK_ARN, Pool

BUSY = Retryable("any.busy", "Busy.", "Wait.")


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    return Pool(tmp_path)


def test_should_work_off_a_job_and_leave_nothing(pool: Pool) -> None:
    source = pool.upload()
    assert pool.run() is ExitCode.SUCCESS
    assert pool.states(source) == [
        State.CLAIMED,
        State.LAUNCHED,
        State.RUNNING,
        State.SUCCEEDED,
    ]
    assert pool.job(source).task_arn == TASK_ARN
    assert pool.work.bodies == []
    assert pool.announced.bodies == []
    assert list(pool.studio.work_dir.iterdir()) == []


def test_should_be_protected_from_before_the_claim_until_after_the_end(pool: Pool) -> None:
    source = pool.upload()
    protected: list[bool] = []
    pool.jobs.before_call = lambda _: protected.append(pool.ecs.on)
    pool.run()
    pool.jobs.before_call = lambda _: None
    assert pool.job(source).state is State.SUCCEEDED
    assert len(protected) > 10
    assert all(protected)
    assert pool.ecs.calls == ["enable 7", "disable"]
    assert not pool.ecs.on


def test_should_make_no_protection_call_while_idle(pool: Pool) -> None:
    polls = iter(range(50))
    pool.work.when_empty = lambda: pool.stop() if next(polls, None) == 49 else None
    assert pool.run() is ExitCode.SUCCESS
    assert pool.ecs.calls == []


def test_should_take_several_jobs_with_the_same_tools(pool: Pool) -> None:
    sources = [pool.upload(f"video {n}") for n in range(3)]
    made = pool.tools_made
    assert pool.run() is ExitCode.SUCCESS
    assert {pool.job(source).state for source in sources} == {State.SUCCEEDED}
    assert pool.tools_made == made + 1, "made by `new_worker` alone, for the next process"
    # A job that begins before the release of the last one is carried out keeps its protection.
    spans = len(pool.ecs.calls) // 2
    assert 1 <= spans <= len(sources)
    assert pool.ecs.calls == ["enable 7", "disable"] * spans


def test_should_be_able_to_read_what_the_upload_asks_for(pool: Pool) -> None:
    source = pool.upload(lifestream_language="de")
    pool.run()
    assert pool.job(source).options.languages == ("de",)


# Its machine is broken


@pytest.mark.parametrize(
    "error",
    [MemoryError(), Retryable("worker.disk_too_small", "Full.", "Wait.")],
    ids=["memory", "disk"],
)
def test_should_end_after_a_job_that_its_machine_failed(pool: Pool, error: Exception) -> None:
    """It would fail every job of the queue, faster than healthy workers take them."""
    failed, next_one = pool.upload("failed"), pool.upload("next")
    pool.studio.meanwhile[Stage.PROBE] = raising(error)
    assert pool.run() is ExitCode.RETRYABLE_FAILURE
    assert (pool.job(failed).state, pool.job(failed).runs) == (State.PENDING, 1)
    assert pool.announced.bodies == [requeue_message(failed.job_id)]
    assert pool.work.visible == [queued_message(next_one.job_id, 1)]
    assert "worker.machine_failed" in pool.log.actions("ERROR")
    assert not pool.ecs.on
    pool.studio.meanwhile.clear()
    pool.run()
    assert pool.job(next_one).state is State.SUCCEEDED


def test_should_take_the_next_job_after_one_that_failed_otherwise(pool: Pool) -> None:
    sources = [pool.upload("failed"), pool.upload("next")]
    pool.studio.meanwhile[Stage.PROBE] = raising(ValueError("any"))
    assert pool.run() is ExitCode.SUCCESS
    assert [pool.job(source).runs for source in sources] == [1, 1]


# The job ends otherwise


def test_should_announce_a_job_whose_lease_was_lost_and_let_another_worker_resume_it(
    pool: Pool,
) -> None:
    source = pool.upload()
    pool.studio.meanwhile[Stage.DIARIZE] = lambda _: pool.manager.force_disable("any test")
    pool.run()
    job = pool.job(source)
    assert (job.state, job.runs) == (State.PENDING, 0)
    assert pool.announced.bodies == [requeue_message(source.job_id)]
    assert pool.work.bodies == []
    assert pool.metrics.codes(Metric.WORKER_JOBS_RELEASED) == ["protection.force_disabled"]
    pool.studio.meanwhile.clear()
    pool.studio.used.clear()
    pool.dispatcher.work(pool.announced.take()[0])
    assert pool.run() is ExitCode.SUCCESS
    assert pool.job(source).state is State.SUCCEEDED
    assert Stage.TRANSCRIBE not in pool.studio.used


def test_should_put_a_passing_fault_back_and_fail_of_it_in_the_end(pool: Pool) -> None:
    source = pool.upload()
    pool.studio.meanwhile[Stage.SCENES] = raising(BUSY)
    for _ in range(MAX_RUNS - 1):
        pool.run()
        assert pool.job(source).state is State.PENDING
        pool.dispatcher.work(pool.announced.take()[0])
    pool.run()
    job = pool.job(source)
    assert job.failure is not None
    assert (job.state, job.runs, job.failure.code) == (State.FAILED, MAX_RUNS, "any.busy")
    assert pool.work.bodies == pool.announced.bodies == []


def test_should_let_go_of_a_job_that_failed(pool: Pool) -> None:
    source = pool.upload()
    pool.studio.meanwhile[Stage.TRANSCRIBE] = raising(Permanent("media.odd", "Odd.", "Mend it."))
    assert pool.run() is ExitCode.SUCCESS
    assert pool.job(source).state is State.FAILED
    assert pool.work.bodies == []


# Messages that come twice, late or broken


def test_should_run_once_what_was_sent_twice(pool: Pool) -> None:
    source = pool.upload()
    pool.work.send(queued_message(source.job_id, 1))
    assert pool.run() is ExitCode.SUCCESS
    assert pool.job(source).runs == 1
    assert pool.studio.used.count(Stage.TRANSCRIBE) == 1
    assert pool.work.bodies == []


def test_should_delete_what_another_worker_runs(pool: Pool) -> None:
    source = pool.upload()
    queued = pool.job(source)
    running = start(queued, now=pool.clock.now(), task_arn="arn:any:another")
    pool.jobs.save(queued, running)
    assert pool.run() is ExitCode.SUCCESS
    assert pool.job(source) == running
    assert pool.work.bodies == pool.announced.bodies == []


def test_should_delete_the_message_of_an_attempt_that_is_outdated(pool: Pool) -> None:
    source = pool.upload()
    queued = pool.job(source)
    pool.jobs.save(queued, requeue(queued, now=pool.clock.now()))
    pool.dispatcher.work(requeue_message(source.job_id))
    assert pool.run() is ExitCode.SUCCESS
    assert (pool.job(source).attempt, pool.job(source).runs) == (2, 1)
    assert pool.work.bodies == []


def test_should_send_what_no_one_can_read_to_the_dead_letters(pool: Pool) -> None:
    pool.work.send("not JSON")
    for _ in range(MAX_RECEIVES + 1):
        assert pool.run() is ExitCode.SUCCESS
        pool.clock.advance(VISIBILITY_SECONDS)
    assert pool.work.dead == ["not JSON"]
    assert pool.log.actions("ERROR") == ["worker.poison_message"] * MAX_RECEIVES
    assert pool.ecs.calls == []


# Calls that fail


def test_should_leave_the_message_when_the_job_could_not_be_announced(pool: Pool) -> None:
    source = pool.upload()
    pool.studio.meanwhile[Stage.SCENES] = raising(BUSY)
    pool.announced.faults = [BUSY]
    pool.run()
    assert pool.work.bodies == [queued_message(source.job_id, 1)]
    pool.clock.advance(VISIBILITY_SECONDS)
    pool.run()
    assert pool.announced.bodies == [requeue_message(source.job_id)]
    assert pool.work.bodies == []


def test_should_give_the_message_back_when_the_record_cannot_be_read(pool: Pool) -> None:
    source = pool.upload()
    faults = [BUSY, BUSY]

    def fail(_name: str) -> None:
        if faults:
            raise faults.pop()

    pool.jobs.before_call = fail
    assert pool.run() is ExitCode.SUCCESS
    assert pool.job(source).state is State.SUCCEEDED
    assert pool.pauses == [2.0, 4.0]


def test_should_live_with_a_message_that_cannot_be_deleted(pool: Pool) -> None:
    source = pool.upload()
    pool.work.faults["delete"] = [BUSY]
    assert pool.run() is ExitCode.SUCCESS
    assert pool.work.bodies == [queued_message(source.job_id, 1)]
    pool.clock.advance(VISIBILITY_SECONDS)
    assert pool.run() is ExitCode.SUCCESS
    assert pool.work.bodies == []
    assert pool.job(source).runs == 1


def test_should_go_on_polling_after_a_poll_that_failed(pool: Pool) -> None:
    source = pool.upload()
    pool.work.faults["receive"] = [BUSY, Permanent("any.denied", "Denied.", "Grant it."), BUSY]
    assert pool.run() is ExitCode.SUCCESS
    assert pool.job(source).state is State.SUCCEEDED
    assert pool.pauses == [2.0, 4.0, 8.0]
    assert pool.log.actions("ERROR") == ["worker.poll_failed"]


def test_should_never_log_what_was_said(pool: Pool) -> None:
    pool.upload()
    pool.run()
    logged = str(pool.log.lines)
    for passage in Studio.said:
        assert not any(word in logged for word in passage.split() if len(word) > 7)
