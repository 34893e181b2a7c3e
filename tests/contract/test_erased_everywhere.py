"""The reaper erases a job that has left something everywhere, and every store is searched."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest

from runtime.aws import clients
from runtime.aws.object_store import S3ObjectStore
from runtime.aws.queues import SqsQueue
from runtime.aws.service_records import DynamoRecords
from runtime.core.clock import SystemClock
from runtime.core.contract import ERASE_EVENT, EnvVar, ServiceTable, result_prefix, work_prefix
from runtime.core.jobs import Job, claim_new, erase, start, succeed
from runtime.core.service_ports import Record
from runtime.core.submission import Submission
from runtime.reaper import handler
from tests.contract.job_stores import make_dynamo_store
from tests.contract.test_erasures import versioned_bucket
from tests.contract.test_reaper_on_aws import Context
from tests.fakes.aws_endpoint import aws_endpoint
from tests.fakes.clock import FakeClock
from tests.fakes.ecs import CLUSTER_ARN, FakeEcs

OWNER, WORDS = "any-owner", "the quarterly figures are dreadful"


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
