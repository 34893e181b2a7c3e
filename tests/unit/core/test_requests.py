"""What a person may ask of a job that has ended."""

from collections.abc import Callable

import pytest

from runtime.core.jobs import (
    Failure,
    IllegalTransitionError,
    Job,
    Source,
    State,
    reprocess,
    requeue,
    retry,
    start,
    succeed,
    take_over,
)
from runtime.core.ports import StaleWriteError
from tests.fakes.jobs import InMemoryJobStore

NOW = 1_000.0
FAILURE = Failure(code="any.code", summary="Any.", resolution="Any.")


def a_job(state: State) -> Job:
    return Job(
        source=Source(bucket="any-bucket", key="uploads/any.mp4", etag="any", size_bytes=1),
        state=state,
        attempt=3,
        created_at=1.0,
        updated_at=2.0,
        runs=3,
        reruns=1,
        task_arn="arn:any",
        started_at=1.5,
        stage="any",
        progress=0.5,
        result_key="results/any/summary.json",
        failure=FAILURE,
    )


@pytest.mark.parametrize(
    ("state", "request_of"),
    [(State.FAILED, retry), (State.CANCELLED, retry), (State.SUCCEEDED, reprocess)],
)
def test_should_put_an_ended_job_back_with_a_fresh_budget(
    state: State, request_of: Callable[..., Job]
) -> None:
    before = a_job(state)
    after = request_of(before, now=NOW)
    assert after == Job(
        source=before.source,
        state=State.PENDING,
        attempt=4,
        created_at=1.0,
        updated_at=NOW,
        reruns=2,
        result_key="results/any/summary.json",
    )


@pytest.mark.parametrize("state", [s for s in State if s not in {State.FAILED, State.CANCELLED}])
def test_should_retry_nothing_else(state: State) -> None:
    with pytest.raises(IllegalTransitionError):
        retry(a_job(state), now=NOW)


@pytest.mark.parametrize("state", [s for s in State if s is not State.SUCCEEDED])
def test_should_reprocess_nothing_else(state: State) -> None:
    with pytest.raises(IllegalTransitionError):
        reprocess(a_job(state), now=NOW)


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.CANCELLED])
def test_should_not_put_an_ended_job_back_by_an_ordinary_release(state: State) -> None:
    with pytest.raises(IllegalTransitionError):
        requeue(a_job(state), now=NOW)


def test_should_fence_out_a_reader_of_the_job_before_it_was_put_back() -> None:
    store = InMemoryJobStore()
    store.jobs[a_job(State.PENDING).job_id] = pending = a_job(State.PENDING)
    failed = a_job(State.FAILED)
    store.save(pending, failed)
    store.save(failed, retry(failed, now=NOW))
    with pytest.raises(StaleWriteError):
        store.save(pending, take_over(pending, now=NOW, lease_seconds=60))


def test_should_keep_the_old_results_until_another_attempt_publishes() -> None:
    again = reprocess(a_job(State.SUCCEEDED), now=NOW)
    running = start(take_over(again, now=NOW, lease_seconds=60), now=NOW, task_arn=None)
    assert running.result_key == "results/any/summary.json"
    assert succeed(running, now=NOW, result_key="results/new").result_key == "results/new"
