"""What workers of the pool leave behind when they die, hang, or never come."""

import pytest

from runtime.core.contract import Compute
from runtime.core.jobs import Failure, Job, Source, State, fail, requeue, start
from runtime.core.messages import queued_message, requeue_message
from runtime.core.ports import TaskLauncher
from runtime.dispatcher.routing import QueueLauncher
from runtime.reaper.diagnosis import StoppedTask
from runtime.reaper.remedies import (
    DEADLINE_MARGIN_SECONDS,
    MAX_MISSES,
    QUEUED_SECONDS,
    START_SECONDS,
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


def test_should_stop_the_worker_of_a_job_that_hangs(world: PoolAfterlife) -> None:
    source = world.queued()
    world.take(source)
    world.clock.advance(SILENCE_SECONDS)
    world.sweep()
    assert world.tasks.stopped == [(WORKER, "lifestream: job.hung")]
    assert world.job(source).state is State.PENDING


def test_should_stop_the_worker_of_a_job_past_its_deadline(world: PoolAfterlife) -> None:
    source = world.queued()
    world.take(source)
    world.clock.advance(JOB_TIMEOUT_SECONDS + DEADLINE_MARGIN_SECONDS)
    world.sweep()
    assert world.tasks.stopped == [(WORKER, "lifestream: job.deadline")]
    assert world.job(source).state is State.FAILED


def test_should_spare_a_worker_that_has_left_the_silent_job_for_another(
    world: PoolAfterlife,
) -> None:
    left, current = world.queued("left"), world.queued("current")
    world.take(left)
    world.clock.advance(SILENCE_SECONDS / 2)
    world.take(current)
    world.clock.advance(SILENCE_SECONDS / 2)
    world.sweep()
    assert world.tasks.stopped == []
    assert world.job(left).state is State.PENDING
    assert world.job(current).state is State.RUNNING


def test_should_stop_nothing_when_the_worker_is_gone(world: PoolAfterlife) -> None:
    source = world.queued()
    world.take(source)
    world.tasks.workers.clear()
    world.clock.advance(SILENCE_SECONDS)
    world.sweep()
    assert world.tasks.stopped == []
    assert world.queue.bodies == [requeue_message(source.job_id)]


def test_should_let_a_job_wait_in_the_work_queue_for_a_day(world: PoolAfterlife) -> None:
    source = world.queued()
    world.clock.advance(START_SECONDS + 1)
    world.sweep()
    assert world.job(source).queued
    world.clock.advance(QUEUED_SECONDS - START_SECONDS)
    world.sweep()
    assert world.job(source).state is State.PENDING
    world.deliver_all()
    assert world.work.bodies[-1] == queued_message(source.job_id, 2)


def test_should_fail_in_the_end_what_no_worker_ever_takes(world: PoolAfterlife) -> None:
    source = world.queued()
    for _ in range(MAX_MISSES):
        world.clock.advance(QUEUED_SECONDS)
        world.sweep()
        world.deliver_all()
    job = world.job(source)
    assert job.failure is not None
    assert (job.state, job.failure.code) == (State.FAILED, "job.unfetched")


def test_should_leave_a_job_that_ended_with_its_worker(world: PoolAfterlife) -> None:
    source = world.queued()
    running = world.take(source)
    why = Failure(code="any.code", summary="Any.", resolution="Any.")
    failed = fail(running, now=world.clock.now(), failure=why)
    world.jobs.save(running, failed)
    world.reaper.task_stopped(StoppedTask(task_arn=WORKER, exit_code=0))
    assert world.job(source) == failed
