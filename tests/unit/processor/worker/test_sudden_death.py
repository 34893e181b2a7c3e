"""A worker that dies at any of its calls, once or twice, and what the pool makes of it."""

import itertools
from pathlib import Path

import pytest

from runtime.core.contract import ExitCode, Stage
from runtime.core.jobs import Source, State
from runtime.core.messages import requeue_message
from tests.fakes.killing import Killed
from tests.unit.processor.studio import Studio
from tests.unit.processor.worker.pool import Pool

ROUNDS = 6
FIRST, LAST = 5, 10
"""Calls at both ends of a job, where it is taken and let go; `test_resuming` has those between."""


def calls_of_a_whole_run(folder: Path, *, interrupted: bool) -> int:
    pool = Pool(folder)
    pool.upload()
    if interrupted:
        interrupt(pool)
    pool.run()
    return len(pool.switch.calls)


def interrupt(pool: Pool) -> None:
    """Have protection taken away once, in the middle of the job."""

    def take_away(_: object) -> None:
        pool.studio.meanwhile.clear()
        pool.manager.force_disable("any test")

    pool.studio.meanwhile[Stage.SCENES] = take_away


def run_and_perhaps_die(pool: Pool) -> None:
    try:
        pool.run()
    except Killed:
        pool.log.info("test.killed")


def survives(pool: Pool, source: Source, *, whole: dict[str, bytes]) -> None:
    for _ in range(ROUNDS):
        if pool.job(source).ended and not pool.work.bodies:
            break
        pool.let_time_pass()
        pool.run()
    job = pool.job(source)
    assert job.state is State.SUCCEEDED
    assert [saved.state for saved in pool.jobs.saved].count(State.SUCCEEDED) == 1
    assert pool.studio.published() == whole
    assert pool.work.bodies == pool.work.dead == []
    assert not pool.ecs.on
    assert {requeue_message(source.job_id)} >= set(pool.announced.bodies)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What an undisturbed processor publishes for the same upload."""
    studio = Studio(work_dir=tmp_path_factory.mktemp("whole"))
    assert studio.run() is ExitCode.SUCCESS
    return studio.published()


@pytest.mark.parametrize("interrupted", [False, True])
@pytest.mark.parametrize("after", [False, True])
def test_should_lose_nothing_wherever_a_worker_dies(
    tmp_path: Path, whole: dict[str, bytes], *, after: bool, interrupted: bool
) -> None:
    calls = calls_of_a_whole_run(tmp_path / "counted", interrupted=interrupted)
    assert calls > FIRST + LAST
    for call in (*range(FIRST), *range(calls - LAST, calls)):
        pool = Pool(tmp_path / f"{call}")
        source = pool.upload()
        if interrupted:
            interrupt(pool)
        pool.switch.arm(call, after=after)
        run_and_perhaps_die(pool)
        pool.switch.disarm()
        pool.studio.meanwhile.clear()
        survives(pool, source, whole=whole)


@pytest.mark.parametrize(("first", "second"), list(itertools.product((0, 1, 2, 3), (0, 1, 2, 3))))
def test_should_lose_nothing_when_the_next_worker_dies_too(
    tmp_path: Path, whole: dict[str, bytes], first: int, second: int
) -> None:
    pool = Pool(tmp_path)
    source = pool.upload()
    for call in (first, second):
        pool.switch.arm(call, after=True)
        run_and_perhaps_die(pool)
        pool.let_time_pass()
    pool.switch.disarm()
    survives(pool, source, whole=whole)
