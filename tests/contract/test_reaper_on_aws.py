"""The reaper's handler on the emulator's DynamoDB and SQS and ECS's API."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from runtime.aws import clients
from runtime.aws.job_store import DynamoJobStore
from runtime.core import environ
from runtime.core.contract import EnvVar
from runtime.core.jobs import Job, Source, State, claim_new, start, suspect
from runtime.core.log import JsonLog
from runtime.core.messages import requeue_message
from runtime.reaper import handler
from tests.contract.job_stores import make_dynamo_store
from tests.fakes.aws_endpoint import aws_endpoint
from tests.fakes.ecs import CLUSTER_ARN, FakeEcs

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

pytestmark = pytest.mark.cloud
SOURCE = Source(bucket="any-bucket", key="uploads/any.mp4", etag="any-etag", size_bytes=1)
LONG_AGO_SECONDS = 1200.0
JOB_TIMEOUT_SECONDS = 3600
ASKED = "reaper.work_queue"


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a deployed reaper is surrounded by."""

    store: DynamoJobStore
    sqs: "SQSClient"
    queue_url: str

    def running(self, *, since: float) -> Job:
        """A job whose processor reported once, at a time."""
        claimed = claim_new(SOURCE, now=since, lease_seconds=60)
        assert self.store.create(claimed) is None
        running = start(claimed, now=since, task_arn="arn:any")
        self.store.save(claimed, running)
        return running

    def messages(self) -> list[str]:
        answer = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
        return [message["Body"] for message in answer.get("Messages", [])]


@pytest.fixture
def deployed(cloud: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    del cloud
    dynamodb, sqs = clients.dynamodb("us-east-1"), clients.sqs("us-east-1")
    store, idempotency_table = make_dynamo_store(dynamodb)
    queue_url = sqs.create_queue(QueueName=f"jobs-{uuid4().hex[:12]}")["QueueUrl"]
    settings = {
        EnvVar.ENVIRONMENT: "any",
        EnvVar.LOG_LEVEL: "ERROR",
        EnvVar.JOBS_TABLE: store.jobs_table,
        EnvVar.IDEMPOTENCY_TABLE: idempotency_table,
        EnvVar.ECS_CLUSTER_NAME: CLUSTER_ARN,
        EnvVar.MEDIA_BUCKET: "any-bucket",
        EnvVar.JOBS_QUEUE_URL: queue_url,
        EnvVar.MAX_ATTEMPTS: "3",
        EnvVar.JOB_TIMEOUT_SECONDS: str(JOB_TIMEOUT_SECONDS),
        EnvVar.HEARTBEAT_SILENCE_SECONDS: "900",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with aws_endpoint(FakeEcs()) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", endpoint.url)
        handler._reaper.cache_clear()
        handler._eraser.cache_clear()
        yield Deployed(store, sqs, queue_url)
    handler._reaper.cache_clear()
    handler._eraser.cache_clear()
    dynamodb.close()
    sqs.close()


def stopped(job: Job, **words: Any) -> dict[str, Any]:
    detail = {"lastStatus": "STOPPED", "startedBy": f"{job.job_id}-{job.attempt}"} | words
    return {"source": "aws.ecs", "detail-type": "ECS Task State Change", "detail": detail}


def test_should_put_back_and_announce_the_job_of_a_stopped_task(deployed: Deployed) -> None:
    job = deployed.running(since=time.time())
    handler.handle(stopped(job, stopCode="SpotInterruption"), Context())
    found = deployed.store.get(job.job_id)
    assert found is not None
    assert found.state is State.PENDING
    assert deployed.messages() == [requeue_message(job.job_id)]


def test_should_sweep_on_its_schedule(deployed: Deployed) -> None:
    since = time.time() - LONG_AGO_SECONDS
    job = deployed.running(since=since)
    deployed.store.save(job, suspect(job, now=since))
    handler.handle({"source": "aws.scheduler"}, Context())
    assert deployed.messages() == [requeue_message(job.job_id)]


def test_should_ask_the_work_queues_when_it_sweeps(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    monkeypatch.setattr(environ, "JsonLog", partial(JsonLog, write=lines.append))
    monkeypatch.setenv(EnvVar.LOG_LEVEL, "INFO")
    monkeypatch.setenv(EnvVar.WORK_QUEUE_URL, deployed.queue_url)
    deployed.sqs.send_message(QueueUrl=deployed.queue_url, MessageBody="any")
    handler.handle({"source": "aws.scheduler"}, Context())
    (asked,) = (asked for line in lines if (asked := json.loads(line))["action"] == ASKED)
    assert (asked["compute"], asked["waiting"]) == ("cpu", 1)


def test_should_pass_over_an_event_of_a_task_that_is_not_ours(deployed: Deployed) -> None:
    job = deployed.running(since=time.time())
    event = stopped(job)
    event["detail"]["startedBy"] = "somebody"
    handler.handle(event, Context())
    assert deployed.store.get(job.job_id) == job
    assert deployed.messages() == []


def test_should_put_back_what_a_stopped_worker_had(deployed: Deployed) -> None:
    job = deployed.running(since=time.time())
    event = stopped(job, taskArn=job.task_arn, stopCode="SpotInterruption")
    event["detail"]["startedBy"] = "ecs-svc/1234567890123456789"
    handler.handle(event, Context())
    found = deployed.store.get(job.job_id)
    assert found is not None
    assert found.state is State.PENDING
    assert deployed.messages() == [requeue_message(job.job_id)]
