"""What the dispatcher and the reaper count: each event once, also when several work at once."""

import pytest

from runtime.core.contract import ExitCode, Metric
from runtime.core.jobs import State
from runtime.reaper.diagnosis import StoppedTask
from runtime.reaper.reaper import RESERVE_SECONDS, SweepFailedError
from tests.fakes.launcher import Fault
from tests.unit.dispatcher.afterlife import (
    JOB_TIMEOUT_SECONDS,
    MAX_RUNS,
    SILENCE_SECONDS,
    Afterlife,
)
from tests.unit.dispatcher.world import s3_event


@pytest.fixture
def world() -> Afterlife:
    return Afterlife()


def test_should_count_a_launch_that_failed(world: Afterlife) -> None:
    world.upload()
    world.launcher.faults = [Fault.REFUSED]
    assert world.deliver_until_gone(s3_event()) == 2
    assert world.metrics.codes(Metric.LAUNCHES_FAILED) == ["launch.failed"]


def test_should_count_a_lost_launch_only_when_its_task_is_not_found(world: Afterlife) -> None:
    world.upload()
    world.launcher.faults = [Fault.ANSWER_LOST]
    assert world.deliver(s3_event())
    assert world.metrics.kept == []

    world.upload("uploads/other.mp4")
    world.launcher.faults = [Fault.REQUEST_LOST]
    assert not world.deliver(s3_event("uploads/other.mp4"))
    assert world.metrics.codes(Metric.LAUNCHES_FAILED) == ["launch.uncertain"]


def test_should_count_each_run_again_and_the_failure_in_the_end(world: Afterlife) -> None:
    source = world.launched()
    for _ in range(MAX_RUNS):
        world.start_processor(source)
        event = world.die(source, exit_code=137)
        world.reaper.task_stopped(event)
        world.deliver_all()
        world.reaper.task_stopped(event)
    assert world.metrics.codes(Metric.JOBS_PUT_BACK) == ["task.killed"] * (MAX_RUNS - 1)
    assert world.metrics.codes(Metric.JOBS_FAILED) == ["task.killed"]


def test_should_count_a_failure_at_once(world: Afterlife) -> None:
    source = world.launched()
    world.reaper.task_stopped(world.die(source, exit_code=ExitCode.BAD_CONFIGURATION))
    assert world.metrics.codes(Metric.JOBS_FAILED) == ["task.configuration"]
    assert world.metrics.total(Metric.JOBS_PUT_BACK) == 0


@pytest.mark.parametrize(
    ("seconds", "code"), [(SILENCE_SECONDS, "job.hung"), (2 * JOB_TIMEOUT_SECONDS, "job.deadline")]
)
def test_should_count_a_task_that_was_stopped(world: Afterlife, seconds: float, code: str) -> None:
    world.running()
    world.clock.advance(seconds)
    world.sweep_out_the_silent()
    assert world.metrics.codes(Metric.TASKS_STOPPED) == [code]


def test_should_count_no_stop_of_a_task_that_is_gone(world: Afterlife) -> None:
    source = world.running()
    world.clock.advance(SILENCE_SECONDS)
    world.die(source)
    world.sweep_out_the_silent()
    assert world.metrics.total(Metric.TASKS_STOPPED) == 0
    assert world.metrics.codes(Metric.JOBS_PUT_BACK) == ["job.hung"]


def test_should_count_a_sweep_that_came_to_its_end(world: Afterlife) -> None:
    world.sweep()
    assert world.metrics.total(Metric.SWEEPS_COMPLETED) == 1


def test_should_count_the_jobs_in_each_state_that_does_not_last(world: Afterlife) -> None:
    world.sweep()
    live = {State.PENDING, State.CLAIMED, State.LAUNCHED, State.RUNNING}
    assert world.metrics.of(Metric.JOBS_IN_STATE) == dict.fromkeys(live, 0)

    world.running()
    world.upload("uploads/other.mp4")
    assert world.deliver(s3_event("uploads/other.mp4"))
    world.sweep()
    assert world.metrics.of(Metric.JOBS_IN_STATE) == {
        **dict.fromkeys(live, 0),
        State.CLAIMED: 1,
        State.RUNNING: 1,
    }


def test_should_count_no_states_in_a_sweep_that_did_not_see_all(world: Afterlife) -> None:
    world.running()
    world.clock.advance(SILENCE_SECONDS)
    world.reaper.sweep(lambda: RESERVE_SECONDS - 1)
    assert world.metrics.of(Metric.JOBS_IN_STATE) == {}


@pytest.mark.parametrize(("stop_code", "count"), [("SpotInterruption", 1), ("UserInitiated", 0)])
def test_should_count_what_spot_took_back(world: Afterlife, stop_code: str, count: int) -> None:
    source = world.running()
    world.reaper.task_stopped(world.die(source, stop_code=stop_code))
    # A worker's task, which may have been idle.
    world.reaper.task_stopped(StoppedTask(task_arn="arn:worker", stop_code=stop_code))
    assert world.metrics.total(Metric.SPOT_INTERRUPTIONS) == 2 * count


def test_should_not_count_a_sweep_that_ran_out_of_time(world: Afterlife) -> None:
    world.running()
    world.clock.advance(SILENCE_SECONDS)
    world.reaper.sweep(lambda: RESERVE_SECONDS - 1)
    assert world.metrics.total(Metric.SWEEPS_COMPLETED) == 0


def test_should_not_count_a_sweep_that_met_trouble(
    world: Afterlife, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(_: object) -> str:
        raise OSError("any")

    world.running()
    world.clock.advance(SILENCE_SECONDS)
    monkeypatch.setattr(world.tasks, "find", unreachable)
    with pytest.raises(SweepFailedError):
        world.sweep()
    assert world.metrics.total(Metric.SWEEPS_COMPLETED) == 0
