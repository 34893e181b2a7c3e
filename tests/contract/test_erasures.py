"""What versions of objects and records of erasures promise, on the fakes and on AWS's API.

At the end the reaper erases a job that has left something everywhere, and every store is searched.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest

from runtime.aws import clients
from runtime.aws.erasures import DynamoErasures
from runtime.aws.object_store import S3ObjectStore
from runtime.aws.object_versions import S3ObjectVersions
from runtime.aws.queues import SqsQueue
from runtime.aws.service_records import DynamoRecords
from runtime.core.clock import SystemClock
from runtime.core.contract import ERASE_EVENT, EnvVar, ServiceTable, result_prefix, work_prefix
from runtime.core.erasure import (
    ErasureRecords,
    Inventory,
    KeptCopy,
    KeptPlace,
    VersionedObjects,
    finished,
)
from runtime.core.jobs import Job, State, claim_new, erase, fail, hold, start, succeed
from runtime.core.jobs.job import Failure, Source
from runtime.core.ports import JobStore, StaleWriteError
from runtime.core.service_ports import Record
from runtime.core.submission import Submission
from runtime.reaper import handler
from tests.contract.job_stores import make_dynamo_store
from tests.contract.test_reaper_on_aws import Context
from tests.fakes.aws_endpoint import aws_endpoint
from tests.fakes.clock import FakeClock
from tests.fakes.ecs import CLUSTER_ARN, FakeEcs
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


@dataclass(frozen=True, slots=True)
class Deployed:
    """All stores of an environment with its service tier, and the job that has left traces."""

    job: Job
    other: Job
    search: Callable[[], str]


@pytest.fixture
def deployed(cloud: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    del cloud
    s3, dynamodb, sqs = (
        clients.s3("us-east-1"),
        clients.dynamodb("us-east-1"),
        clients.sqs("us-east-1"),
    )
    store, idempotency_table = make_dynamo_store(dynamodb)
    bucket = versioned_bucket(s3)
    tables = {kind: service_table(dynamodb, kind) for kind in ("uploads", "webhooks", "reads")}
    urls = [sqs.create_queue(QueueName=f"{kind}-{uuid4().hex[:8]}")["QueueUrl"] for kind in "jd"]
    settings = {
        EnvVar.ENVIRONMENT: "any",
        EnvVar.LOG_LEVEL: "ERROR",
        EnvVar.JOBS_TABLE: store.jobs_table,
        EnvVar.IDEMPOTENCY_TABLE: idempotency_table,
        EnvVar.ECS_CLUSTER_NAME: CLUSTER_ARN,
        EnvVar.MEDIA_BUCKET: bucket,
        EnvVar.JOBS_QUEUE_URL: urls[0],
        EnvVar.JOBS_DLQ_URL: urls[1],
        EnvVar.MAX_ATTEMPTS: "3",
        EnvVar.JOB_TIMEOUT_SECONDS: "3600",
        EnvVar.HEARTBEAT_SILENCE_SECONDS: "900",
        EnvVar.UPLOADS_TABLE: tables["uploads"],
        EnvVar.WEBHOOKS_TABLE: tables["webhooks"],
        EnvVar.READS_TABLE: tables["reads"],
        EnvVar.KEPT_COPIES: "TABLE_HISTORY=35,LOGS=14",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    def job(upload: str) -> Job:
        key = f"uploads/{upload}/Grüße & more.mp4"
        objects = S3ObjectStore(s3)
        objects.write_bytes(upload.encode(), bucket, key, "video/mp4")
        claimed = claim_new(
            objects.head(bucket, key),
            now=time.time(),
            lease_seconds=60,
            submission=Submission(owner=OWNER, title=WORDS),
        )
        assert store.create(claimed) is None
        running = start(claimed, now=time.time(), task_arn=None)
        store.save(claimed, running)
        job_id = running.job_id
        for place in (work_prefix(job_id) + "part", result_prefix(job_id) + "attempts/1/a.vtt"):
            for _ in range(2):
                objects.write_bytes(WORDS.encode(), bucket, place, "text/plain")
            s3.delete_object(Bucket=bucket, Key=place)
            s3.create_multipart_upload(Bucket=bucket, Key=place)
        ended = succeed(
            running, now=time.time() + 2, result_key=f"{result_prefix(job_id)}summary.json"
        )
        store.save(running, ended)
        names = {"job_id": job_id, "key": key, "title": WORDS}
        for table, pk, sk in (
            ("uploads", f"upload#{upload}", "upload"),
            ("uploads", f"owner#{OWNER}", f"import#{upload}"),
            ("uploads", f"owner#{OWNER}", f"idempotency#{uuid4()}"),
            ("webhooks", f"owner#{OWNER}", f"webhook#{upload[:16]}"),
            ("webhooks", f"webhook#{upload[:16]}", "delivery#any"),
            ("reads", f"job#{job_id}", "any"),
        ):
            data = {"url": "any"} if sk.startswith("webhook#") else names
            DynamoRecords(dynamodb, table=tables[table], clock=SystemClock()).create(
                Record(pk=pk, sk=sk, data=data)
            )
        SqsQueue(sqs, urls[1]).send(json.dumps({"bucket": bucket, "key": key}))
        return ended

    def search() -> str:
        return everything(s3, dynamodb, sqs)

    with aws_endpoint(FakeEcs()) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", endpoint.url)
        for cached in (handler._reaper, handler._eraser):
            cached.cache_clear()
        ours = job(uuid4().hex)
        store.save(ours, erase(ours, now=time.time() + 2))
        yield Deployed(ours, job(uuid4().hex), search)
    for cached in (handler._reaper, handler._eraser):
        cached.cache_clear()
    for client in (s3, dynamodb, sqs):
        client.close()


def service_table(dynamodb: Any, kind: str) -> str:
    name = f"{kind}-{uuid4().hex[:12]}"
    names = (ServiceTable.PARTITION_KEY, ServiceTable.SORT_KEY)
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in names],
        KeySchema=[
            {"AttributeName": each, "KeyType": kind_}
            for each, kind_ in zip(names, ("HASH", "RANGE"), strict=True)
        ],
    )
    return name


def everything(s3: Any, dynamodb: Any, sqs: Any) -> str:
    """Return all that the cloud holds, as one text: versions with contents, items, messages."""
    found: list[Any] = []
    for bucket in (each["Name"] for each in s3.list_buckets()["Buckets"]):
        listed = s3.list_object_versions(Bucket=bucket)
        for each in listed.get("Versions", []):
            body = s3.get_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
            found += [each, body["Body"].read()]
        found += listed.get("DeleteMarkers", [])
        found += s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    tables = dynamodb.get_paginator("list_tables").paginate()
    for table in (name for page in tables for name in page["TableNames"]):
        for page in dynamodb.get_paginator("scan").paginate(TableName=table):
            found += page["Items"]
    for url in sqs.list_queues().get("QueueUrls", []):
        answer = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, WaitTimeSeconds=0
        )
        found += [json.loads(each["Body"]) for each in answer.get("Messages", [])]
    return "\n".join(map(str, found))


@pytest.mark.cloud
def test_should_leave_nothing_but_what_the_certificate_names(deployed: Deployed) -> None:
    job, other = deployed.job, deployed.other
    upload = job.source.key.split("/")[1]
    webhook = upload[:16]
    words = (job.job_id, job.source.key, upload, webhook)
    before = deployed.search()
    assert all(word in before for word in words)
    handler.handle({"detail-type": ERASE_EVENT}, Context())
    after = deployed.search()
    assert [word for word in words if word in after] == [job.job_id, webhook]
    assert after.count(job.job_id) == 1, "in the record by which late writes are removed"
    assert after.count(WORDS) == before.count(WORDS) / 2, "what was said by the other one"
    assert other.job_id in after
    certificate = handler._eraser().erasures.find(job.job_id)
    assert certificate is not None
    assert certificate.erased_at is not None
    assert dict(certificate.inventory.counts) == {
        "upload": 1,
        "checkpoints": 3,
        "results": 3,
        "unfinished uploads": 2,
        "records": 7,
    }
    eraser = replace(handler._eraser(), clock=FakeClock(now=certificate.watched_until or 0.0))
    eraser.run(lambda: 60.0)
    assert job.job_id not in deployed.search()
