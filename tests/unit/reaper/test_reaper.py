"""Whatever dies, hangs, never starts or is forgotten runs again, or fails with a reason."""

from dataclasses import replace

import pytest

from runtime.core.contract import ExitCode, Metric
from runtime.core.jobs import State, cancel, publish, report, requeue
from runtime.core.messages import requeue_message
from runtime.reaper.reaper import RESERVE_SECONDS, SweepFailedError
from runtime.reaper.remedies import DEADLINE_MARGIN_SECONDS, MAX_MISSES, SUSPICION_SECONDS
from tests.fakes.launcher import Fault
from tests.unit.dispatcher.afterlife import (
    JOB_TIMEOUT_SECONDS,
    MAX_RUNS,
    SILENCE_SECONDS,
    Afterlife,
)
from tests.unit.dispatcher.world import KEY, s3_event


@pytest.fixture
def world() -> Afterlife:
    return Afterlife()


def test_should_run_a_job_again_whose_task_died(world: Afterlife) -> None:
    source = world.running()
    world.reaper.task_stopped(world.die(source, exit_code=137))
    assert world.job(source).state is State.PENDING
    assert world.queue.bodies == [requeue_message(source.job_id)]
    world.deliver_all()
    assert world.finish(source).attempt == 2


def test_should_run_a_job_again_whose_task_never_began(world: Afterlife) -> None:
    source = world.launched()
    world.reaper.task_stopped(world.die(source, stop_code="TaskFailedToStart"))
    world.deliver_all()
    assert world.launcher.started == [(source.job_id, 1), (source.job_id, 2)]


def test_should_announce_a_job_that_its_processor_put_back(world: Afterlife) -> None:
    source = world.running()
    running = world.job(source)
    world.jobs.save(running, requeue(running, now=world.clock.now()))
    world.reaper.task_stopped(world.die(source, exit_code=ExitCode.RESUMABLE))
    world.deliver_all()
    assert world.launcher.started == [(source.job_id, 1), (source.job_id, 2)]


def test_should_fail_a_poison_video_after_its_runs_with_the_reason(world: Afterlife) -> None:
    source = world.launched()
    for _ in range(MAX_RUNS):
        world.start_processor(source)
        world.reaper.task_stopped(world.die(source, exit_code=137))
        world.deliver_all()
    job = world.job(source)
    assert (job.state, job.runs, len(world.launcher.started)) == (State.FAILED, MAX_RUNS, MAX_RUNS)
    assert job.failure is not None
    assert job.failure.code == "task.killed"
    assert "exit 137" in job.failure.summary


def test_should_fail_at_once_what_another_run_cannot_help(world: Afterlife) -> None:
    source = world.launched()
    world.reaper.task_stopped(world.die(source, exit_code=ExitCode.BAD_CONFIGURATION))
    assert world.job(source).state is State.FAILED
    assert world.queue.bodies == []


def test_should_record_the_success_of_a_published_job_that_cannot_run_again(
    world: Afterlife,
) -> None:
    source = world.launched()
    world.start_processor(source)
    running = world.job(source)
    world.jobs.save(running, publish(running, now=world.clock.now(), result_key="results/any"))
    world.reaper.task_stopped(world.die(source, exit_code=ExitCode.BAD_CONFIGURATION))
    job = world.job(source)
    assert (job.state, job.result_key, job.failure) == (State.SUCCEEDED, "results/any", None)
    assert world.jobs.idempotency[source.object_id].result_s3_key == "results/any"
    assert world.metrics.total(Metric.JOBS_SUCCEEDED) == 1
    assert world.metrics.codes(Metric.JOBS_FAILED) == []


def test_should_have_published_results_copied_after_the_last_run_of_the_work(
    world: Afterlife,
) -> None:
    source = world.launched()
    for run in range(1, MAX_RUNS):
        world.start_processor(source)
        world.reaper.task_stopped(world.die(source, exit_code=137))
        assert world.job(source).runs == run
        world.deliver_all()
    world.start_processor(source)
    running = world.job(source)
    assert running.runs == MAX_RUNS
    world.jobs.save(running, publish(running, now=world.clock.now(), result_key="results/any"))
    for run in range(MAX_RUNS, 2 * MAX_RUNS):
        world.reaper.task_stopped(world.die(source, exit_code=137))
        job = world.job(source)
        assert (job.state, job.runs, job.result_key) == (State.PENDING, run, "results/any")
        world.deliver_all()
        world.start_processor(source)
    world.reaper.task_stopped(world.die(source, exit_code=137))
    assert world.job(source).state is State.SUCCEEDED


@pytest.mark.parametrize("how", ["succeeded", "cancelled", "taken over"])
def test_should_leave_a_job_that_ended_or_moved_on(world: Afterlife, how: str) -> None:
    source = world.launched()
    event = world.die(source)
    match how:
        case "succeeded":
            world.finish(source)
        case "cancelled":
            job = world.job(source)
            world.jobs.save(job, cancel(job, now=world.clock.now()))
        case _:
            world.reaper.task_stopped(event)
            world.deliver_all()
    before = world.job(source)
    world.reaper.task_stopped(event)
    assert world.job(source) == before
    assert world.queue.bodies == []


def test_should_leave_what_is_on_its_way(world: Afterlife) -> None:
    source = world.running()
    for _ in range(20):
        world.clock.advance(SILENCE_SECONDS / 10)
        running = world.job(source)
        alive = report(running, now=world.clock.now(), stage="any", progress=0.5)
        world.jobs.save(running, alive)
        world.sweep()
    assert world.job(source).state is State.RUNNING
    assert world.tasks.stopped == []


def test_should_stop_and_run_again_what_hangs(world: Afterlife) -> None:
    source = world.running()
    world.clock.advance(SILENCE_SECONDS)
    world.sweep_out_the_silent()
    assert [reason for _, reason in world.tasks.stopped] == ["lifestream: job.hung"]
    world.deliver_all()
    assert world.launcher.started == [(source.job_id, 1), (source.job_id, 2)]


def test_should_stop_and_fail_what_is_past_its_deadline(world: Afterlife) -> None:
    source = world.running()
    world.clock.advance(JOB_TIMEOUT_SECONDS + DEADLINE_MARGIN_SECONDS)
    world.sweep()
    job = world.job(source)
    assert job.state is State.FAILED
    assert job.failure is not None
    assert job.failure.code == "job.deadline"
    assert len(world.tasks.stopped) == 1


def test_should_record_the_task_of_a_claim_that_was_never_written_on(world: Afterlife) -> None:
    source = world.launched()
    world.until_stuck()
    world.sweep()
    assert world.job(source).state is State.LAUNCHED
    assert world.launcher.started == [(source.job_id, 1)]


def test_should_stop_and_run_again_what_does_not_begin(world: Afterlife) -> None:
    source = world.launched()
    for _ in range(2):
        world.until_stuck()
        world.sweep()
    assert [reason for _, reason in world.tasks.stopped] == ["lifestream: job.not_started"]
    world.deliver_all()
    assert world.launcher.started == [(source.job_id, 1), (source.job_id, 2)]


def test_should_run_a_job_whose_dispatcher_and_message_are_lost(world: Afterlife) -> None:
    source = world.upload()
    world.switch.arm(1, after=True)
    assert not world.deliver(s3_event())
    world.switch.disarm()
    world.until_stuck()
    world.sweep()
    world.deliver_all()
    assert world.finish(source).state is State.SUCCEEDED


def test_should_fail_with_a_reason_what_can_never_be_launched(world: Afterlife) -> None:
    source = world.upload()
    world.launcher.faults = [Fault.REFUSED] * 1000
    world.deliver(s3_event())
    for _ in range(MAX_MISSES):
        world.until_stuck()
        world.sweep()
        world.deliver_all()
    job = world.job(source)
    assert job.failure is not None
    assert (job.state, job.failure.code) == (State.FAILED, "job.never_dispatched")
    world.launcher.faults.clear()
    assert world.deliver(s3_event()), "FAILED is final"
    assert world.launcher.started == []


def test_should_fail_in_the_end_what_is_announced_and_never_heard(world: Afterlife) -> None:
    source = world.running()
    running = world.job(source)
    world.jobs.save(running, requeue(running, now=world.clock.now()))
    for _ in range(MAX_MISSES):
        world.until_stuck()
        world.sweep()
    assert world.job(source).state is State.FAILED
    assert len(world.queue.bodies) == MAX_MISSES - 1


def test_should_look_after_the_others_when_one_job_makes_trouble(world: Afterlife) -> None:
    first, second = world.upload("uploads/1.mp4"), world.upload("uploads/2.mp4", b"other")
    for key, source in (("uploads/1.mp4", first), ("uploads/2.mp4", second)):
        assert world.deliver(s3_event(key))
        world.start_processor(source)
        world.die(source)
    world.clock.advance(SILENCE_SECONDS)
    world.sweep()
    world.clock.advance(SUSPICION_SECONDS)
    troubles = [ValueError("any trouble")]

    def trouble() -> None:
        if troubles:
            raise troubles.pop()

    world.launcher.during_find = trouble
    with pytest.raises(SweepFailedError, match=first.job_id):
        world.sweep()
    assert world.job(first).state is State.RUNNING
    assert world.job(second).state is State.PENDING


def test_should_leave_to_the_next_sweep_what_it_has_no_time_for(world: Afterlife) -> None:
    source = world.running()
    world.clock.advance(SILENCE_SECONDS)
    world.reaper.sweep(lambda: RESERVE_SECONDS - 0.1)
    assert world.job(source).state is State.RUNNING
    assert "reaper.out_of_time" in world.log.actions("WARNING")


def test_should_stand_back_when_the_processor_ends_at_the_same_moment(world: Afterlife) -> None:
    source = world.launched()
    running = world.start_processor(source)
    world.clock.advance(SILENCE_SECONDS)
    released = requeue(running, now=world.clock.now())
    world.launcher.during_find = lambda: world.jobs.save(running, released)
    world.sweep()
    assert world.job(source) == released
    assert "reaper.moved_on" in world.log.actions()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", range(12))
def test_should_lose_nothing_however_the_reaper_dies(
    world: Afterlife, call: int, *, after: bool
) -> None:
    source = world.running()
    world.die(source)
    world.clock.advance(SILENCE_SECONDS)
    world.switch.arm(call, after=after)
    world.sweep_and_perhaps_die()
    world.switch.disarm()
    for _ in range(3):
        world.until_stuck()
        world.sweep()
        world.deliver_all()
        if world.job(source).state is State.CLAIMED:
            break
    assert world.finish(source).state is State.SUCCEEDED
    assert len(set(world.launcher.started)) == len(world.launcher.started)
    assert world.job(source).source.key == KEY


def test_should_report_the_longest_wait_of_a_job_that_still_waits(world: Afterlife) -> None:
    world.reaper.sweep(lambda: 100.0)
    source = world.launched()
    job = world.job(source)
    world.jobs.jobs[job.job_id] = replace(
        job, state=State.PENDING, waiting_since=world.clock.now() - 7_200.0
    )
    world.reaper.sweep(lambda: 100.0)
    assert world.metrics.values(Metric.LONGEST_WAIT_SECONDS) == [0.0, 7_200.0]
