"""What the reaper does when the record moves between its reading and its writing."""

import pytest

from runtime.core.jobs import Job, State, beat, requeue, start
from runtime.reaper.diagnosis import StoppedTask
from tests.unit.dispatcher.afterlife import SILENCE_SECONDS, Afterlife
from tests.unit.reaper.test_reaper_pool import WORKER, PoolAfterlife


def test_should_requeue_a_job_before_its_message_is_sent() -> None:
    world = Afterlife()
    source = world.running()
    stopped = world.die(source, exit_code=137)
    world.switch.calls.clear()
    world.reaper.task_stopped(stopped)
    writes = [call for call in world.switch.calls if call in {"save", "send"}]
    assert writes == ["save", "send"]


def test_should_not_announce_a_job_that_moved_on_meanwhile() -> None:
    world = Afterlife()
    source = world.running()
    running = world.job(source)
    stopped = world.die(source, exit_code=137)
    requeued = requeue(running, now=world.clock.now())

    def overtake(call: str) -> None:
        if call == "save":
            world.jobs.before_call = lambda _: None
            world.jobs.save(running, requeued)

    world.jobs.before_call = overtake
    world.reaper.task_stopped(stopped)
    assert world.job(source) == requeued
    assert world.queue.bodies == []


def test_should_read_a_listed_job_again_before_it_acts(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Afterlife()
    source = world.running()
    silent = world.job(source)
    world.clock.advance(SILENCE_SECONDS)
    alive = beat(silent, now=world.clock.now())
    world.jobs.save(silent, alive)
    # The index lags: it lists the job as it was before its heartbeat.
    monkeypatch.setattr(
        world.jobs, "in_state", lambda state, **_: iter([silent] if state is silent.state else [])
    )
    for _ in range(3):
        world.sweep()
        world.clock.advance(60)
    assert world.job(source) == alive
    assert world.queue.bodies == []


@pytest.mark.parametrize("moved", ["to another worker", "back into the queue"])
def test_should_read_a_workers_job_again_before_it_acts(
    moved: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = PoolAfterlife()
    source = world.queued()
    listed = world.take(source)
    requeued = requeue(listed, now=world.clock.now())
    elsewhere = start(
        Job(
            source=source,
            state=State.LAUNCHED,
            attempt=listed.attempt,
            created_at=listed.created_at,
            updated_at=listed.updated_at,
        ),
        now=world.clock.now(),
        task_arn="arn:any:another",
    )
    now = beat(elsewhere, now=world.clock.now()) if moved == "to another worker" else requeued
    world.jobs.jobs[source.job_id] = now
    # The index still lists the job as the worker's.
    monkeypatch.setattr(world.jobs, "in_state", lambda *_, **__: iter([listed]))
    world.reaper.task_stopped(StoppedTask(task_arn=WORKER, exit_code=137))
    assert world.job(source) == now
    assert world.queue.bodies == []
