"""What every job store promises, on the fake and on DynamoDB."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from uuid import uuid4

import pytest

from runtime.aws import clients
from runtime.aws.job_items import RETENTION_SECONDS
from runtime.core.contract import IdempotencyTable, JobsTable
from runtime.core.errors import Permanent, Retryable
from runtime.core.jobs import (
    Failure,
    Job,
    Source,
    State,
    claim_new,
    fail,
    launched,
    publish,
    report,
    requeue,
    start,
    succeed,
    take_over,
)
from runtime.core.ports import JobStore, StaleWriteError
from tests.contract.job_stores import StoreUnderTest, dynamo_store, fake_store, make_dynamo_store

NOW = 1_700_000_000.125
LEASE_SECONDS = 60
WRITERS = 8


@pytest.fixture(params=[fake_store, pytest.param(dynamo_store, marks=pytest.mark.cloud)])
def under_test(request: pytest.FixtureRequest) -> StoreUnderTest:
    make: Callable[[pytest.FixtureRequest], StoreUnderTest] = request.param
    return make(request)


@pytest.fixture
def store(under_test: StoreUnderTest) -> JobStore:
    return under_test.store


def a_claim(*, now: float = NOW) -> Job:
    source = Source(
        bucket="any-bucket",
        key=f"uploads/Grüße {uuid4().hex}.mp4",
        etag="any-etag",
        size_bytes=3 << 40,
    )
    return claim_new(source, now=now, lease_seconds=LEASE_SECONDS)


def created(store: JobStore) -> Job:
    job = a_claim()
    assert store.create(job) is None
    return job


def winners(write: Callable[[], bool]) -> int:
    """Let many writers do the same at the same moment; returns how many believe they did it."""
    together = Barrier(WRITERS)

    def compete(_: int) -> bool:
        together.wait()
        try:
            return write()
        except (Retryable, StaleWriteError):
            return False

    with ThreadPoolExecutor(WRITERS) as pool:
        return sum(pool.map(compete, range(WRITERS)))


def test_should_know_nothing_of_a_job_that_was_not_created(store: JobStore) -> None:
    assert store.get("0" * 32) is None


def test_should_write_a_claim_once_and_return_it_to_later_callers(
    under_test: StoreUnderTest,
) -> None:
    store = under_test.store
    first = created(store)
    later = replace(first, created_at=NOW + 1, updated_at=NOW + 1)
    assert store.create(later) == first
    assert store.get(first.job_id) == first
    assert under_test.record(first) == (IdempotencyTable.DISPATCHED, None)


def test_should_give_a_claim_to_exactly_one_of_many_writers_of_the_same_content(
    store: JobStore,
) -> None:
    job = a_claim()
    assert winners(lambda: store.create(job) is None) == 1


def test_should_give_a_takeover_to_exactly_one_of_many_writers_of_the_same_content(
    store: JobStore,
) -> None:
    expired = created(store)
    mine = take_over(expired, now=NOW + LEASE_SECONDS, lease_seconds=LEASE_SECONDS)

    def write() -> bool:
        store.save(expired, mine)
        return True

    assert winners(write) == 1


def test_should_claim_anew_what_is_past_its_retention(store: JobStore) -> None:
    old = created(store)
    later = NOW + RETENTION_SECONDS
    assert store.create(replace(old, updated_at=later - 1)) == old
    new = claim_new(old.source, now=later, lease_seconds=LEASE_SECONDS)
    assert store.create(new) is None
    assert store.get(old.job_id) == new


def test_should_return_every_field_as_it_was_saved(store: JobStore) -> None:
    job = created(store)
    lives = [
        launched(job, now=NOW + 0.1, task_arn="arn:any"),
    ]
    lives.append(start(lives[-1], now=NOW + 1 / 3, task_arn="arn:other"))
    lives.append(report(lives[-1], now=NOW + 2, stage="transcribe", progress=1 / 7))
    failure = Failure(code="any.code", summary="Grüße.", resolution="Any.")
    lives.append(fail(lives[-1], now=NOW + 3, failure=failure))
    lives.append(take_over(lives[-1], now=NOW + 4, lease_seconds=LEASE_SECONDS))
    before = job
    for after in lives:
        store.save(before, after)
        assert store.get(job.job_id) == after
        before = after


def test_should_mark_the_upload_processed_with_its_result_when_a_job_succeeds(
    under_test: StoreUnderTest,
) -> None:
    store = under_test.store
    job = created(store)
    running = start(job, now=NOW, task_arn=None)
    store.save(job, running)
    store.save(running, succeed(running, now=NOW, result_key="results/any/summary.json"))
    assert under_test.record(job) == (IdempotencyTable.PROCESSED, "results/any/summary.json")


def test_should_refuse_to_save_over_another_state_or_attempt(under_test: StoreUnderTest) -> None:
    store = under_test.store
    first = created(store)
    running = start(first, now=NOW, task_arn=None)
    store.save(first, running)
    released = requeue(running, now=NOW)
    store.save(running, released)
    second = take_over(released, now=NOW, lease_seconds=LEASE_SECONDS)
    store.save(released, second)
    for stale, after in (
        (first, launched(first, now=NOW, task_arn="arn:zombie")),
        (running, report(running, now=NOW, stage="any", progress=0.5)),
        (running, succeed(running, now=NOW, result_key="any")),
    ):
        with pytest.raises(StaleWriteError):
            store.save(stale, after)
    assert store.get(first.job_id) == second
    assert under_test.record(first) == (IdempotencyTable.DISPATCHED, None)


def test_should_refuse_to_save_over_another_state_of_the_same_attempt(store: JobStore) -> None:
    claimed = created(store)
    running = start(claimed, now=NOW, task_arn=None)
    store.save(claimed, running)
    with pytest.raises(StaleWriteError):
        store.save(claimed, requeue(claimed, now=NOW))
    assert store.get(claimed.job_id) == running


@pytest.mark.parametrize("first", [None, "results/any/attempts/1/summary.json"])
def test_should_point_at_other_results_only_from_those_that_were_read(
    store: JobStore, first: str | None
) -> None:
    job = start(created(store), now=NOW, task_arn=None)
    store.save(replace(job, state=State.CLAIMED), job)
    if first is not None:
        shown = publish(job, now=NOW, result_key=first)
        store.save(job, shown)
        job = shown
    second = publish(job, now=NOW, result_key="results/any/attempts/2/summary.json")
    store.save(job, second)
    with pytest.raises(StaleWriteError):
        store.save(job, publish(job, now=NOW, result_key="results/any/attempts/3/summary.json"))
    store.save(second, report(second, now=NOW, stage="any", progress=1.0))
    found = store.get(job.job_id)
    assert found is not None
    assert (found.result_key, found.published_by) == (second.result_key, job.attempt)


def test_should_refuse_to_save_a_job_that_was_never_created(store: JobStore) -> None:
    job = a_claim()
    with pytest.raises(StaleWriteError):
        store.save(job, launched(job, now=NOW, task_arn="arn:any"))


def test_should_list_the_jobs_of_a_state_oldest_update_first(store: JobStore) -> None:
    jobs = [a_claim(now=NOW + age) for age in (9.5, 100.0, -3.0)]
    for job in jobs:
        assert store.create(job) is None
    released = requeue(jobs[1], now=NOW)
    store.save(jobs[1], released)
    ours = {job.job_id for job in jobs}
    claimed = [job for job in store.in_state(State.CLAIMED) if job.job_id in ours]
    pending = [job for job in store.in_state(State.PENDING) if job.job_id in ours]
    newest = [job for job in store.in_state(State.CLAIMED, newest_first=True) if job.job_id in ours]
    assert claimed == [jobs[2], jobs[0]]
    assert newest == [jobs[0], jobs[2]]
    assert pending == [released]


@pytest.mark.cloud
@pytest.mark.parametrize("left", ["job", "record"])
def test_should_not_claim_again_while_one_of_both_records_is_left(cloud: str, left: str) -> None:
    del cloud
    client = clients.dynamodb("us-east-1")
    store, idempotency_table = make_dynamo_store(client)
    job = created(store)
    if left == "job":
        key = {IdempotencyTable.PARTITION_KEY: {"S": job.source.object_id}}
        client.delete_item(TableName=idempotency_table, Key=key)
        assert store.create(replace(job, updated_at=NOW + 1)) == job
    else:
        client.delete_item(
            TableName=store.jobs_table, Key={JobsTable.PARTITION_KEY: {"S": job.job_id}}
        )
        with pytest.raises(Permanent, match="dispatched before"):
            store.create(replace(job, updated_at=NOW + 1))
        assert store.get(job.job_id) is None
    client.close()


def test_should_delete_a_job_with_its_record_once_no_one_changes_it(
    under_test: StoreUnderTest,
) -> None:
    store = under_test.store
    job = created(store)
    released = requeue(job, now=NOW)
    store.save(job, released)
    with pytest.raises(StaleWriteError):
        store.delete(job)
    store.delete(released)
    store.delete(released)
    assert store.get(job.job_id) is None
    assert store.create(job) is None
