"""A worker whose protection is refused or late gives its message back and waits."""

from pathlib import Path

import pytest

from runtime.core.contract import ExitCode
from runtime.core.jobs import State
from runtime.core.messages import queued_message
from runtime.protection.answers import Failed
from tests.fakes.protection import BLOCKED, STANDALONE
from tests.fakes.work_queue import MAX_RECEIVES
from tests.unit.processor.worker.pool import Pool

UNREACHABLE = Failed("agent_unreachable", "connection refused", uncertain=False)
REFUSALS = 3 * MAX_RECEIVES


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    return Pool(tmp_path)


def test_should_give_the_message_back_when_protection_is_refused(pool: Pool) -> None:
    source = pool.upload()
    pool.ecs.always = BLOCKED
    _stop_at_the_first_pause(pool)
    assert pool.run() is ExitCode.SUCCESS
    assert pool.work.visible == [queued_message(source.job_id, 1)]
    assert pool.states(source) == [State.CLAIMED, State.LAUNCHED]
    assert "worker.not_protected" in pool.log.actions("WARNING")


def test_should_give_the_message_back_when_protection_cannot_be_had_in_time(pool: Pool) -> None:
    source = pool.upload()
    pool.acquire_timeout_seconds = 0.05
    pool.new_worker()
    pool.ecs.always = UNREACHABLE
    _stop_at_the_first_pause(pool)
    assert pool.run() is ExitCode.SUCCESS
    assert pool.work.visible == [queued_message(source.job_id, 1)]
    assert pool.job(source).queued


def test_should_not_spin_with_a_message_that_it_may_not_work_on(pool: Pool) -> None:
    source = pool.upload()
    pool.ecs.always = BLOCKED

    def pause(seconds: float) -> None:
        pool.pauses.append(seconds)
        if len(pool.pauses) == REFUSALS:
            pool.stop()

    pool.worker.starting._pause = pause
    pool.run()
    assert pool.pauses[:6] == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0]
    assert pool.work.dead == [], "a refusal uses up no receive"
    pool.ecs.always = None
    pool.run()
    assert pool.job(source).state is State.SUCCEEDED


def test_should_go_on_once_protection_is_granted(pool: Pool) -> None:
    source = pool.upload()
    pool.ecs.answers = [BLOCKED, BLOCKED]
    assert pool.run() is ExitCode.SUCCESS
    assert pool.job(source).state is State.SUCCEEDED
    assert pool.job(source).runs == 1


def test_should_start_no_job_while_ecs_says_it_cannot_be_protected(pool: Pool) -> None:
    sources = [pool.upload(f"talk {n}") for n in range(3)]
    pool.ecs.answers = [STANDALONE]
    unprotected: list[str] = []
    pool.jobs.before_call = lambda name: None if pool.ecs.on else unprotected.append(name)
    pool.run()
    pool.jobs.before_call = lambda _: None
    assert {pool.job(source).state for source in sources} == {State.SUCCEEDED}
    assert unprotected == []


def test_should_be_unhealthy_as_long_as_it_cannot_be_protected(pool: Pool) -> None:
    source = pool.upload()
    pool.ecs.always = STANDALONE
    healthy: list[bool] = []

    def pause(_: float) -> None:
        healthy.append(pool.manager.status().healthy)
        if len(healthy) == 2:
            pool.ecs.always = None

    pool.worker.starting._pause = pause
    pool.run()
    assert healthy == [False, False]
    assert pool.job(source).state is State.SUCCEEDED


def _stop_at_the_first_pause(pool: Pool) -> None:
    def pause(seconds: float) -> None:
        pool.pauses.append(seconds)
        pool.stop()

    pool.worker.starting._pause = pause
