"""The dispatcher's composition root on the emulator's S3 and DynamoDB and ECS's API."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from runtime.aws import clients
from runtime.aws.tasks import LaunchTarget
from runtime.core.jobs import State
from runtime.dispatcher.dispatch import Dispatcher
from runtime.dispatcher.handler import compose
from runtime.dispatcher.settings import DispatcherSettings
from tests.contract.job_stores import make_dynamo_store
from tests.fakes.aws_endpoint import AwsEndpoint, aws_endpoint
from tests.fakes.ecs import CLUSTER_ARN, FakeEcs
from tests.unit.dispatcher.world import s3_event

pytestmark = pytest.mark.cloud
KEY = "uploads/Grüße + any video.mov"


@pytest.fixture
def ecs_api(cloud: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsEndpoint]:
    del cloud
    with aws_endpoint(FakeEcs()) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", endpoint.url)
        yield endpoint


@pytest.fixture
def bucket(cloud: str) -> Iterator[str]:
    del cloud
    name = f"media-{uuid4().hex[:12]}"
    client = clients.s3("us-east-1")
    client.create_bucket(Bucket=name)
    client.put_object(Bucket=name, Key=KEY, Body=b"any video")
    yield name
    client.close()


@pytest.fixture
def dispatcher(ecs_api: AwsEndpoint, bucket: str) -> Dispatcher:
    del ecs_api
    client = clients.dynamodb("us-east-1")
    store, idempotency_table = make_dynamo_store(client)
    client.close()
    return compose(
        DispatcherSettings(
            environment="any",
            log_level="ERROR",
            region="us-east-1",
            media_bucket=bucket,
            jobs_table=store.jobs_table,
            idempotency_table=idempotency_table,
            tasks=LaunchTarget(
                cluster=CLUSTER_ARN,
                task_definition="any-task:1",
                capacity_providers=("FARGATE",),
                subnet_ids=("subnet-any",),
                security_group_ids=("sg-any",),
            ),
            claim_lease_seconds=60,
            jobs_queue_url="any-queue",
        )
    )


def test_should_launch_a_fresh_upload_by_pointers_alone(
    dispatcher: Dispatcher, ecs_api: AwsEndpoint, bucket: str
) -> None:
    dispatcher.work(s3_event(KEY, bucket=bucket))
    source = dispatcher.objects.head(bucket, KEY)
    request = ecs_api.calls[0].json
    (override,) = request["overrides"]["containerOverrides"]
    assert {pair["name"]: pair["value"] for pair in override["environment"]} == {
        "JOB_ID": source.job_id,
        "JOB_ATTEMPT": "1",
        "S3_BUCKET": bucket,
        "S3_KEY": KEY,
        "S3_ETAG": source.etag,
    }
    job = dispatcher.claims.jobs.get(source.job_id)
    assert job is not None
    assert (job.state, job.attempt, job.source) == (State.CLAIMED, 1, source)
