"""A worker that is asked to stop: idle it goes at once, busy it finishes or puts the job back."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.core.contract import ExitCode, Metric, Stage
from runtime.core.errors import Retryable
from runtime.core.jobs import State
from runtime.core.messages import queued_message, requeue_message
from runtime.core.ports import Progress, WorkMessage
from tests.unit.processor.worker.pool import STOP_TIMEOUT_SECONDS, Pool

GRACE_SECONDS = 75.0
PATIENCE_SECONDS = 120.0


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    return Pool(tmp_path)


def stop_and(*then: Callable[[], object], pool: Pool) -> Callable[[Progress], None]:
    def meanwhile(_: Progress) -> None:
        pool.stop()
        for act in then:
            act()

    return meanwhile


def test_should_go_at_once_when_idle_and_take_nothing_more(pool: Pool) -> None:
    pool.stop()
    source = pool.upload()
    assert pool.run() is ExitCode.SUCCESS
    assert pool.work.visible == [queued_message(source.job_id, 1)]
    assert pool.ecs.calls == []


def test_should_not_wait_for_a_poll_to_end_and_give_back_what_it_brings(pool: Pool) -> None:
    source = pool.upload()
    polling, let_go = threading.Event(), threading.Event()
    receive = pool.work.receive

    def long_poll(wait_seconds: int = 0) -> WorkMessage | None:
        polling.set()
        assert let_go.wait(PATIENCE_SECONDS)
        return receive(wait_seconds)

    pool.work.receive = long_poll  # type: ignore[method-assign]
    codes: list[ExitCode] = []
    running = threading.Thread(target=lambda: codes.append(pool.run()))
    running.start()
    assert polling.wait(PATIENCE_SECONDS)
    pool.stop()
    let_go.set()
    running.join(PATIENCE_SECONDS)
    assert codes == [ExitCode.SUCCESS]
    assert pool.work.visible == [queued_message(source.job_id, 1)]
    assert pool.work.hidings == [0]
    assert pool.job(source).queued


def test_should_go_although_a_poll_hangs(pool: Pool) -> None:
    polling, let_go = threading.Event(), threading.Event()

    def hang(wait_seconds: int = 0) -> WorkMessage | None:
        polling.set()
        let_go.wait(PATIENCE_SECONDS + wait_seconds)
        return None

    pool.work.receive = hang  # type: ignore[method-assign]
    codes: list[ExitCode] = []
    running = threading.Thread(target=lambda: codes.append(pool.run()))
    running.start()
    assert polling.wait(PATIENCE_SECONDS)
    pool.stop()
    running.join(PATIENCE_SECONDS)
    assert codes == [ExitCode.SUCCESS]
    let_go.set()


def test_should_finish_what_is_done_in_time_and_take_no_other(pool: Pool) -> None:
    first, second = pool.upload("first"), pool.upload("second")
    pool.studio.meanwhile[Stage.TRANSCRIBE] = stop_and(pool=pool)
    assert pool.run() is ExitCode.SUCCESS
    assert pool.job(first).state is State.SUCCEEDED
    assert pool.job(second).queued
    assert pool.work.visible == [queued_message(second.job_id, 1)]


def test_should_put_the_job_back_when_the_kill_comes_near(pool: Pool) -> None:
    source = pool.upload()
    pool.studio.meanwhile[Stage.TRANSCRIBE] = stop_and(
        lambda: pool.clock.advance(GRACE_SECONDS), pool=pool
    )
    began = pool.clock.monotonic()
    assert pool.run() is ExitCode.RESUMABLE
    assert pool.clock.monotonic() - began < STOP_TIMEOUT_SECONDS
    job = pool.job(source)
    assert (job.state, job.runs) == (State.PENDING, 0)
    assert pool.announced.bodies == [requeue_message(source.job_id)]
    assert pool.work.bodies == []
    assert not pool.ecs.on
    assert pool.metrics.codes(Metric.WORKER_JOBS_RELEASED) == ["worker.stopping"]


def test_should_let_further_signals_change_nothing(pool: Pool) -> None:
    source = pool.upload()
    pool.studio.meanwhile[Stage.TRANSCRIBE] = stop_and(pool.stop, pool.stop, pool=pool)
    pool.studio.meanwhile[Stage.DIARIZE] = stop_and(pool=pool)
    assert pool.run() is ExitCode.SUCCESS
    assert pool.job(source).state is State.SUCCEEDED


def test_should_not_start_a_job_when_the_stop_came_while_it_was_being_protected(
    pool: Pool,
) -> None:
    source = pool.upload()
    pool.ecs.before_call = pool.stop
    assert pool.run() is ExitCode.SUCCESS
    assert pool.job(source).queued
    assert pool.work.visible == [queued_message(source.job_id, 1)]
    assert not pool.ecs.on


def test_should_exit_well_though_a_job_was_put_back_before(pool: Pool) -> None:
    pool.upload()

    def passing_fault(_: Progress) -> None:
        raise Retryable("any.busy", "Busy.", "Wait.")

    pool.studio.meanwhile[Stage.SCENES] = passing_fault
    assert pool.run() is ExitCode.SUCCESS


def test_should_not_exit_well_without_its_renewal_thread(pool: Pool) -> None:
    def die() -> None:
        raise SystemExit

    pool.ecs.before_call = die
    source = pool.upload()
    assert pool.run() is ExitCode.RETRYABLE_FAILURE
    assert pool.job(source).queued
    assert "protection.thread_died" in pool.log.actions("ERROR")


# A computation that does not notice


def test_should_announce_and_delete_before_it_leaves_at_once(pool: Pool) -> None:
    source = pool.upload()
    pool.studio.meanwhile[Stage.TRANSCRIBE] = lambda _: pool.worker.abandon(ExitCode.RESUMABLE)
    pool.run()
    assert pool.left == [ExitCode.RESUMABLE]
    assert pool.announced.bodies[0] == requeue_message(source.job_id)
    assert pool.work.bodies == []
    assert not pool.ecs.on


def test_should_only_let_go_of_the_message_when_it_leaves_a_job_that_ended(pool: Pool) -> None:
    pool.upload()
    pool.studio.meanwhile[Stage.TRANSCRIBE] = lambda _: pool.worker.abandon(
        ExitCode.PERMANENT_FAILURE
    )
    pool.run()
    assert pool.left == [ExitCode.PERMANENT_FAILURE]
    assert pool.work.bodies == []
