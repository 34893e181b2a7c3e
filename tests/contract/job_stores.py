"""The job stores that the contract is checked on, each with a look at its idempotency records."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from local.api_resources import create_jobs_tables
from runtime.aws import clients
from runtime.aws.direct_reads import direct_reads
from runtime.aws.job_store import DynamoJobStore
from runtime.core.contract import IdempotencyTable
from runtime.core.jobs import Job
from runtime.core.ports import JobStore
from tests.fakes.clock import FakeClock
from tests.fakes.jobs import InMemoryJobStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class StoreUnderTest:
    """`record` returns status and result key of a job's upload."""

    store: JobStore
    record: Callable[[Job], tuple[str, str | None]]


def fake_store(request: pytest.FixtureRequest) -> StoreUnderTest:
    del request
    store = InMemoryJobStore()

    def record(job: Job) -> tuple[str, str | None]:
        found = store.idempotency[job.source.object_id]
        return found.status, found.result_s3_key

    return StoreUnderTest(store, record)


def dynamo_store(request: pytest.FixtureRequest) -> StoreUnderTest:
    request.getfixturevalue("cloud")
    # As the API reads; whatever else it does is the SDK's.
    client = direct_reads(
        clients.dynamodb("us-east-1"), clock=FakeClock(), called=list[float]().append
    )
    request.addfinalizer(client.close)
    store, idempotency_table = make_dynamo_store(client)

    def record(job: Job) -> tuple[str, str | None]:
        item = client.get_item(
            TableName=idempotency_table,
            Key={IdempotencyTable.PARTITION_KEY: {"S": job.source.object_id}},
            ConsistentRead=True,
        )["Item"]
        return item["status"]["S"], item.get("result_s3_key", {}).get("S")

    return StoreUnderTest(store, record)


def make_dynamo_store(client: "DynamoDBClient") -> tuple[DynamoJobStore, str]:
    """Return a store on fresh tables shaped as the infrastructure makes them."""
    name = uuid4().hex[:12]
    create_jobs_tables(client, name)
    idempotency_table = f"idempotency-{name}"
    store = DynamoJobStore(client, jobs_table=f"jobs-{name}", idempotency_table=idempotency_table)
    return store, idempotency_table
