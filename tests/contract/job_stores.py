"""The job stores that the contract is checked on, each with a look at its idempotency records."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from runtime.aws import clients
from runtime.aws.job_store import DynamoJobStore
from runtime.core.contract import IdempotencyTable, JobsTable
from runtime.core.jobs import Job
from runtime.core.ports import JobStore
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
    client = clients.dynamodb("us-east-1")
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
    jobs_table, idempotency_table = f"jobs-{uuid4().hex[:12]}", f"idempotency-{uuid4().hex[:12]}"
    client.create_table(
        TableName=jobs_table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": JobsTable.PARTITION_KEY, "AttributeType": "S"},
            {"AttributeName": JobsTable.STATE_INDEX_PARTITION_KEY, "AttributeType": "S"},
            {"AttributeName": JobsTable.STATE_INDEX_SORT_KEY, "AttributeType": "N"},
            {"AttributeName": JobsTable.OWNER_INDEX_PARTITION_KEY, "AttributeType": "S"},
            {"AttributeName": JobsTable.OWNER_INDEX_SORT_KEY, "AttributeType": "N"},
        ],
        KeySchema=[{"AttributeName": JobsTable.PARTITION_KEY, "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": JobsTable.STATE_INDEX,
                "KeySchema": [
                    {"AttributeName": JobsTable.STATE_INDEX_PARTITION_KEY, "KeyType": "HASH"},
                    {"AttributeName": JobsTable.STATE_INDEX_SORT_KEY, "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            },
            {
                "IndexName": JobsTable.OWNER_INDEX,
                "KeySchema": [
                    {"AttributeName": JobsTable.OWNER_INDEX_PARTITION_KEY, "KeyType": "HASH"},
                    {"AttributeName": JobsTable.OWNER_INDEX_SORT_KEY, "KeyType": "RANGE"},
                ],
                "Projection": {
                    "ProjectionType": "INCLUDE",
                    "NonKeyAttributes": list(JobsTable.OWNER_INDEX_ATTRIBUTES),
                },
            },
        ],
    )
    client.create_table(
        TableName=idempotency_table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": IdempotencyTable.PARTITION_KEY, "AttributeType": "S"}
        ],
        KeySchema=[{"AttributeName": IdempotencyTable.PARTITION_KEY, "KeyType": "HASH"}],
    )
    store = DynamoJobStore(client, jobs_table=jobs_table, idempotency_table=idempotency_table)
    return store, idempotency_table
