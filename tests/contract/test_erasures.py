"""What versions of objects and records of erasures promise, on the fakes and on AWS's API."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest

from runtime.aws import clients
from runtime.aws.erasures import DynamoErasures
from runtime.aws.object_versions import S3ObjectVersions
from runtime.core.erasure import (
    ErasureRecords,
    Inventory,
    KeptCopy,
    KeptPlace,
    VersionedObjects,
    finished,
)
from runtime.core.jobs import Job, State, claim_new, erase, fail, hold
from runtime.core.jobs.job import Failure, Source
from runtime.core.ports import JobStore, StaleWriteError
from runtime.core.submission import Submission
from tests.contract.job_stores import make_dynamo_store
from tests.fakes.clock import FakeClock
from tests.fakes.erasures import InMemoryErasures, InMemoryVersions
from tests.fakes.jobs import InMemoryJobStore

OWNER, WORDS = "any-owner", "the quarterly figures are dreadful"
SOURCE = Source(bucket="any-bucket", key="uploads/any.mp4", etag="any-etag", size_bytes=1)


@dataclass(frozen=True, slots=True)
class Objects:
    """Versions under test, and how others write them."""

    versions: VersionedObjects
    bucket: str
    put: Callable[[str, bytes], object]
    delete: Callable[[str], object]
    begin: Callable[[str], object]


def _fake_objects(request: pytest.FixtureRequest) -> Objects:
    del request
    found = InMemoryVersions(FakeClock())
    return Objects(
        found,
        "any",
        lambda key, data: found.put("any", key, data),
        lambda key: found.delete("any", key),
        lambda key: found.begin("any", key),
    )


def _s3(request: pytest.FixtureRequest) -> Objects:
    request.getfixturevalue("cloud")
    client = clients.s3("us-east-1")
    request.addfinalizer(client.close)
    bucket = versioned_bucket(client)
    return Objects(
        S3ObjectVersions(client),
        bucket,
        lambda key, data: client.put_object(Bucket=bucket, Key=key, Body=data),
        lambda key: client.delete_object(Bucket=bucket, Key=key),
        lambda key: client.create_multipart_upload(Bucket=bucket, Key=key),
    )


def versioned_bucket(client: Any) -> str:
    bucket = f"erasures-{uuid4().hex[:12]}"
    client.create_bucket(Bucket=bucket)
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


@pytest.fixture(params=[_fake_objects, pytest.param(_s3, marks=pytest.mark.cloud)])
def objects(request: pytest.FixtureRequest) -> Objects:
    make: Callable[[pytest.FixtureRequest], Objects] = request.param
    return make(request)


def test_should_list_and_remove_every_version(objects: Objects) -> None:
    for data in (b"first", b"second"):
        objects.put("a/ü +.mp4", data)
    objects.delete("a/ü +.mp4")
    objects.put("b/other", b"third")
    found = list(objects.versions.versions(objects.bucket, "a/"))
    assert sorted(each.size_bytes for each in found) == [0, 5, 6]
    assert [each.etag is None for each in found].count(True) == 1
    for _ in range(2):
        objects.versions.remove_versions(objects.bucket, found)
    assert not list(objects.versions.versions(objects.bucket, "a/"))
    assert len(list(objects.versions.versions(objects.bucket, ""))) == 1


def test_should_abort_unfinished_uploads(objects: Objects) -> None:
    for key in ("a/1", "a/2", "b/1"):
        objects.begin(key)
    found = list(objects.versions.unfinished(objects.bucket, "a/"))
    assert {each.key for each in found} == {"a/1", "a/2"}
    for upload in found:
        objects.versions.abort(objects.bucket, upload)
    assert not list(objects.versions.unfinished(objects.bucket, "a/"))
    assert len(list(objects.versions.unfinished(objects.bucket, "b/"))) == 1


@dataclass(frozen=True, slots=True)
class Records:
    erasures: ErasureRecords
    jobs: JobStore


def _fake_records(request: pytest.FixtureRequest) -> Records:
    del request
    jobs = InMemoryJobStore()
    return Records(InMemoryErasures(jobs), jobs)


def _dynamo_records(request: pytest.FixtureRequest) -> Records:
    request.getfixturevalue("cloud")
    client = clients.dynamodb("us-east-1")
    request.addfinalizer(client.close)
    jobs, idempotency_table = make_dynamo_store(client)
    erasures = DynamoErasures(
        client, jobs_table=jobs.jobs_table, idempotency_table=idempotency_table
    )
    return Records(erasures, jobs)


@pytest.fixture(params=[_fake_records, pytest.param(_dynamo_records, marks=pytest.mark.cloud)])
def records(request: pytest.FixtureRequest) -> Records:
    make: Callable[[pytest.FixtureRequest], Records] = request.param
    return make(request)


def fenced(records: Records) -> Job:
    claimed = claim_new(SOURCE, now=1000.25, lease_seconds=60, submission=Submission(owner=OWNER))
    assert records.jobs.create(claimed) is None
    job = erase(claimed, now=1010.125)
    records.jobs.save(claimed, job)
    return job


INVENTORY = Inventory(requested_at=1010.125, counts={"upload": 2}, size_bytes=9)


def test_should_keep_the_first_inventory(records: Records) -> None:
    job = fenced(records)
    assert records.erasures.find(job.job_id) is None
    first = records.erasures.begin(job, lambda: INVENTORY)
    again = records.erasures.begin(job, lambda: pytest.fail("it was taken"))
    assert first == again == records.erasures.find(job.job_id)
    assert first.belongs_to(OWNER)


def test_should_replace_the_job_by_its_certificate(records: Records) -> None:
    job = fenced(records)
    begun = records.erasures.begin(job, lambda: INVENTORY)
    kept = [KeptCopy(place=KeptPlace.LOGS, days=14)]
    done = finished(begun, now=1020.0, kept=kept, watch_seconds=60.0)
    for _ in range(2):
        records.erasures.finish(job, done)
    assert records.jobs.get(job.job_id) is None
    assert list(records.jobs.in_state(State.ERASING)) == []
    assert records.erasures.find(job.job_id) == done
    (watched,) = records.erasures.watched()
    assert (watched.job_id, watched.bucket, watched.until) == (job.job_id, "any-bucket", 1080.0)
    for _ in range(2):
        records.erasures.close(watched, 1090.0)
    assert list(records.erasures.watched()) == []
    assert records.erasures.find(job.job_id) == replace(done, closed_at=1090.0)


def test_should_let_the_same_upload_start_afresh(records: Records) -> None:
    job = fenced(records)
    begun = records.erasures.begin(job, lambda: INVENTORY)
    records.erasures.finish(job, finished(begun, now=1020.0, kept=(), watch_seconds=60.0))
    watched = list(records.erasures.watched())
    fresh = claim_new(SOURCE, now=1030.0, lease_seconds=60)
    assert records.jobs.create(fresh) is None
    assert list(records.erasures.watched()) == []
    records.erasures.close(watched[0], 1090.0)
    assert records.jobs.get(fresh.job_id) == fresh
    second = erase(fresh, now=1040.0)
    records.jobs.save(fresh, second)
    again = records.erasures.begin(second, lambda: replace(INVENTORY, requested_at=1040.0))
    assert (again.erased_at, again.inventory.requested_at) == (None, 1040.0)


def test_should_not_undo_a_hold_that_another_writer_has_set(records: Records) -> None:
    claimed = claim_new(SOURCE, now=1000.0, lease_seconds=60)
    assert records.jobs.create(claimed) is None
    job = fail(claimed, now=1001.0, failure=Failure(code="a", summary="b", resolution="c"))
    records.jobs.save(claimed, job)
    held = hold(job, reason="any", by="any-admin", now=1002.5)
    records.jobs.save(job, held)
    assert records.jobs.get(job.job_id) == held
    with pytest.raises(StaleWriteError):
        records.jobs.save(job, erase(job, now=1003.0))
    records.jobs.save(held, job)
    assert records.jobs.get(job.job_id) == job
