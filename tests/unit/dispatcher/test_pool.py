"""Jobs that wait for a worker: sent, recorded, and run once however the dispatcher dies."""

import itertools

import pytest

from runtime.core.errors import LifestreamError, Permanent, Retryable
from runtime.core.jobs import State, requeue
from runtime.core.messages import queued_message, requeue_message
from runtime.core.options import JobOptions
from tests.unit.dispatcher.pooling import PoolWorld
from tests.unit.dispatcher.world import KEY, VISIBILITY_SECONDS, s3_event

CALLS = 5
"""One more than the longest way through the dispatcher has."""
DEATHS = [(call, after) for call in range(CALLS) for after in (False, True)]
REFUSAL = Permanent("any.code", "Any.", "Any.")
LOST = Retryable("any.code", "Any.", "Any.")


@pytest.fixture
def world() -> PoolWorld:
    return PoolWorld()


def test_should_send_first_and_record_then(world: PoolWorld) -> None:
    source = world.upload()
    assert world.deliver(s3_event())
    assert world.switch.calls == ["look", "create", "send", "save"]
    assert world.work.bodies == [queued_message(source.job_id, 1)]
    job = world.job(source)
    assert (job.state, job.task_arn, job.queued) == (State.LAUNCHED, None, True)


def test_should_let_go_of_a_message_whose_job_was_started_meanwhile(world: PoolWorld) -> None:
    source = world.upload()
    world.switch.arm(2, after=True)
    assert not world.deliver(s3_event())
    world.switch.disarm()
    assert len(world.let_workers_start()) == 1, "a claimed job may be started"
    assert world.deliver(s3_event())
    assert world.job(source).state is State.RUNNING
    assert world.work.bodies == [queued_message(source.job_id, 1)]


def test_should_not_record_as_queued_what_a_worker_has_started(world: PoolWorld) -> None:
    source = world.upload()
    world.work.after_send = world.let_workers_start
    assert world.deliver(s3_event())
    assert world.job(source).state is State.RUNNING
    assert "dispatch.already_running" in world.log.actions()


def test_should_outdate_the_message_of_a_claim_that_ran_out(world: PoolWorld) -> None:
    source = world.upload()
    world.switch.arm(2, after=True)
    world.deliver(s3_event())
    world.switch.disarm()
    world.clock.advance(VISIBILITY_SECONDS)
    assert world.deliver(s3_event())
    world.let_workers_start()
    assert world.started == [(source.job_id, 2)]
    assert world.work.bodies == [queued_message(source.job_id, 2)]


def test_should_give_the_claim_back_when_the_queue_refuses(world: PoolWorld) -> None:
    source = world.upload()
    world.work.send_faults = [REFUSAL]
    assert not world.deliver(s3_event())
    assert world.job(source).state is State.PENDING


def test_should_keep_the_claim_when_a_message_may_have_been_sent(world: PoolWorld) -> None:
    source = world.upload()
    world.work.send_faults = [LOST]
    assert not world.deliver(s3_event())
    assert world.job(source).state is State.CLAIMED


def test_should_queue_a_job_again_that_was_put_back_with_what_it_asked_for(
    world: PoolWorld,
) -> None:
    source = world.upload(lifestream_language="de")
    assert world.deliver(s3_event())
    (running,) = world.let_workers_start()
    world.jobs.save(running, requeue(running, now=world.clock.now()))
    assert world.deliver(requeue_message(source.job_id))
    job = world.job(source)
    assert (job.attempt, job.queued, job.options) == (2, True, JobOptions(languages=("de",)))
    assert queued_message(source.job_id, 2) in world.work.bodies


def test_should_route_by_what_the_job_is_to_run_on(world: PoolWorld) -> None:
    source = world.upload(lifestream_compute="gpu")
    assert world.deliver(s3_event())
    assert world.gpu_work.bodies == [queued_message(source.job_id, 1)]
    assert world.work.bodies == []


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("faults", [[REFUSAL], [LOST], [LOST, REFUSAL]])
@pytest.mark.parametrize("death", DEATHS)
def test_should_start_once_however_the_dispatcher_dies(
    death: tuple[int, bool], faults: list[LifestreamError], *, eager: bool
) -> None:
    world = PoolWorld()
    world.work.send_faults = list(faults)
    _starts_once(world, [death], eager=eager)


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize(("first", "second"), list(itertools.product(DEATHS, DEATHS)))
def test_should_start_once_though_the_second_dispatcher_dies_too(
    first: tuple[int, bool], second: tuple[int, bool], *, eager: bool
) -> None:
    _starts_once(PoolWorld(), [first, second], eager=eager)


def _starts_once(world: PoolWorld, deaths: list[tuple[int, bool]], *, eager: bool) -> None:
    """`eager` workers look at the queue after each death, others only at the end."""
    source = world.upload()
    for call, after in deaths:
        world.switch.arm(call, after=after)
        world.deliver(s3_event())
        if eager:
            world.let_workers_start()
        world.clock.advance(VISIBILITY_SECONDS)
    world.switch.disarm()
    world.deliver_until_gone(s3_event())
    world.let_workers_start()
    job = world.job(source)
    assert world.started == [(source.job_id, job.attempt)]
    assert (job.state, job.source.key) == (State.RUNNING, KEY)
