"""What workers of the pool leave behind when they die, hang, or never come."""

import pytest

from runtime.core.contract import Compute
from runtime.core.errors import Retryable
from runtime.core.jobs import Failure, Job, Source, State, fail, requeue, start
from runtime.core.messages import queued_message, requeue_message
from runtime.core.ports import FilledQueue, TaskLauncher
from runtime.dispatcher.routing import QueueLauncher
from runtime.reaper.diagnosis import StoppedTask
from runtime.reaper.remedies import (
    DEADLINE_MARGIN_SECONDS,
    MAX_MISSES,
    MAX_WAIT_SECONDS,
    QUEUED_SECONDS,
    SUSPICION_SECONDS,
    UNANNOUNCED_SECONDS,
)
from tests.fakes.work_queue import FakeWorkQueue
from tests.unit.dispatcher.afterlife import JOB_TIMEOUT_SECONDS, SILENCE_SECONDS, Afterlife
from tests.unit.dispatcher.world import s3_event

WORKER = "arn:any:task/any-cluster/worker"


class PoolAfterlife(Afterlife):
    """Jobs wait in `work`; `take` has a worker start one."""

    def launchers(self) -> dict[Compute, TaskLauncher]:
        self.work = FakeWorkQueue(clock=self.clock)
        return {Compute.CPU: QueueLauncher(self.work)}

    def work_queues(self) -> dict[Compute, FilledQueue]:
        return {Compute.CPU: self.work}

    def queued(self, name: str = "any") -> Source:
        source = self.upload(f"uploads/{name}.mp4", name.encode())
        assert self.deliver(s3_event(source.key))
        return source

    def take(self, source: Source, task_arn: str = WORKER) -> Job:
        self.tasks.workers.add(task_arn)
        before = self.job(source)
        running = start(before, now=self.clock.now(), task_arn=task_arn)
        self.jobs.save(before, running)
        return running


@pytest.fixture
def world() -> PoolAfterlife:
    return PoolAfterlife()


def test_should_put_back_what_a_stopped_worker_had(world: PoolAfterlife) -> None:
    source, other = world.queued("mine"), world.queued("other")
    world.take(source)
    world.take(other, "arn:any:another")
    world.reaper.task_stopped(StoppedTask(task_arn=WORKER, exit_code=137))
    assert (world.job(source).state, world.job(source).runs) == (State.PENDING, 1)
    assert world.job(other).state is State.RUNNING
    assert world.queue.bodies == [requeue_message(source.job_id)]
    world.deliver_all()
    assert world.job(source).queued
    assert world.work.bodies[-1] == queued_message(source.job_id, 2)


def test_should_do_nothing_for_a_worker_that_left_idle(world: PoolAfterlife) -> None:
    waiting = world.queued("waiting")
    world.reaper.task_stopped(StoppedTask(task_arn=WORKER, exit_code=0))
    assert world.job(waiting).queued
    assert world.queue.bodies == []


def test_should_do_nothing_for_a_job_that_its_worker_put_back(world: PoolAfterlife) -> None:
    source = world.queued()
    running = world.take(source)
    world.jobs.save(running, requeue(running, now=world.clock.now()))
    world.reaper.task_stopped(StoppedTask(task_arn=WORKER, exit_code=12))
    assert world.queue.bodies == []


def test_should_not_believe_an_old_list_of_running_jobs(world: PoolAfterlife) -> None:
    source = world.queued()
    running = world.take(source)
    failure = requeue(running, now=world.clock.now())
    listed = [running]
    world.jobs.in_state = lambda *_, **__: listed  # type: ignore[method-assign]
    world.jobs.save(running, failure)
    world.reaper.task_stopped(StoppedTask(task_arn=WORKER, exit_code=137))
    assert world.job(source) == failure
    assert world.queue.bodies == []


def test_should_fail_a_poison_video_that_kills_worker_after_worker(world: PoolAfterlife) -> None:
    source = world.queued()
    for _ in range(3):
        world.take(source)
        world.reaper.task_stopped(StoppedTask(task_arn=WORKER, exit_code=137))
        world.deliver_all()
    job = world.job(source)
    assert job.failure is not None
    assert (job.state, job.failure.code) == (State.FAILED, "task.killed")


def test_should_requeue_a_silent_job_and_stop_no_worker(world: PoolAfterlife) -> None:
    source = world.queued()
    world.take(source)
    world.clock.advance(SILENCE_SECONDS)
    world.sweep_out_the_silent()
    assert world.tasks.stopped == []
    assert world.job(source).state is State.PENDING
    assert world.queue.bodies == [requeue_message(source.job_id)]


def test_should_fail_a_job_past_its_deadline_and_stop_no_worker(world: PoolAfterlife) -> None:
    source = world.queued()
    world.take(source)
    world.clock.advance(JOB_TIMEOUT_SECONDS + DEADLINE_MARGIN_SECONDS)
    world.sweep()
    assert world.tasks.stopped == []
    assert world.job(source).state is State.FAILED


def test_should_spare_the_job_that_the_worker_of_a_silent_one_runs_now(
    world: PoolAfterlife,
) -> None:
    left = world.queued("left")
    world.take(left)
    world.clock.advance(SILENCE_SECONDS)
    world.sweep()
    current = world.queued("current")
    world.take(current)
    world.clock.advance(SUSPICION_SECONDS)
    world.sweep()
    assert world.tasks.stopped == []
    assert world.job(left).state is State.PENDING
    assert world.job(current).state is State.RUNNING


def test_should_send_the_message_of_a_queued_job_again_when_the_queue_is_empty(
    world: PoolAfterlife,
) -> None:
    source = world.queued()
    world.clock.advance(UNANNOUNCED_SECONDS)
    world.sweep()
    assert len(world.work.bodies) == 1, "its message still waits"
    message = world.work.receive()
    assert message is not None
    world.work.delete(message)
    world.sweep()
    assert world.work.bodies == [queued_message(source.job_id, 1)]
    assert (world.job(source).queued, world.job(source).misses) == (True, 1)
    world.sweep()
    assert len(world.work.bodies) == 1, "once is enough"


def test_should_send_the_message_again_in_a_busy_queue_after_hours(world: PoolAfterlife) -> None:
    source, other = world.queued("any"), world.queued("other")
    message = world.work.receive()
    assert message is not None
    world.work.delete(message)
    world.clock.advance(QUEUED_SECONDS - 1)
    world.sweep()
    assert world.work.bodies == [queued_message(other.job_id, 1)]
    world.clock.advance(1)
    world.sweep()
    assert queued_message(source.job_id, 1) in world.work.bodies
    assert world.job(source).misses == 0, "no proof that the message was lost"


def test_should_fail_a_job_whose_messages_are_lost_again_and_again(world: PoolAfterlife) -> None:
    source = world.queued()
    for _ in range(MAX_MISSES):
        world.clock.advance(UNANNOUNCED_SECONDS)
        while (message := world.work.receive()) is not None:
            world.work.delete(message)
        world.sweep()
    job = world.job(source)
    assert job.failure is not None
    assert (job.state, job.failure.code) == (State.FAILED, "job.message_gone")


def test_should_fail_a_job_that_waited_for_a_worker_longer_than_it_may(
    world: PoolAfterlife,
) -> None:
    source = world.queued()
    world.clock.advance(MAX_WAIT_SECONDS)
    world.sweep()
    job = world.job(source)
    assert job.failure is not None
    assert (job.state, job.failure.code) == (State.FAILED, "job.waited_too_long")


def test_should_send_nothing_again_when_the_queue_cannot_be_read(world: PoolAfterlife) -> None:
    world.queued()
    world.clock.advance(UNANNOUNCED_SECONDS)
    world.work.faults["backlog"] = [Retryable("aws.any", "Any.", "Any.")]
    world.sweep()
    assert len(world.work.bodies) == 1
    assert "reaper.queue_unread" in world.log.actions("WARNING")


def test_should_leave_a_job_that_ended_with_its_worker(world: PoolAfterlife) -> None:
    source = world.queued()
    running = world.take(source)
    why = Failure(code="any.code", summary="Any.", resolution="Any.")
    failed = fail(running, now=world.clock.now(), failure=why)
    world.jobs.save(running, failed)
    world.reaper.task_stopped(StoppedTask(task_arn=WORKER, exit_code=0))
    assert world.job(source) == failed
