"""What the API uses in a local cloud without a deployment: tables, bucket, queues, variables."""

from typing import Any
from uuid import uuid4

from local.cloud import REGION
from runtime.aws import clients
from runtime.core.contract import EnvVar, IdempotencyTable, JobsTable, ServiceTable

ON_DEMAND = "PAY_PER_REQUEST"
SERVICE_TABLES = {
    EnvVar.UPLOADS_TABLE: "uploads",
    EnvVar.API_KEYS_TABLE: "keys",
    EnvVar.WEBHOOKS_TABLE: "webhooks",
    EnvVar.READS_TABLE: "reads",
}


def create_api_resources(*, issuer: str, audience: str) -> dict[str, str]:
    """Create them in the AWS that SDK clients find; return the API's variables without its port."""
    name = uuid4().hex[:12]
    s3, sqs, dynamodb = clients.s3(REGION), clients.sqs(REGION), clients.dynamodb(REGION)
    try:
        s3.create_bucket(Bucket=f"media-{name}")
        create_jobs_tables(dynamodb, name)
        for kind in SERVICE_TABLES.values():
            _create_service_table(dynamodb, f"{kind}-{name}")
        queue = sqs.create_queue(QueueName=f"jobs-{name}")["QueueUrl"]
    finally:
        for client in (s3, sqs, dynamodb):
            client.close()
    return {
        EnvVar.ENVIRONMENT: "test",
        EnvVar.AWS_REGION: REGION,
        EnvVar.JOBS_TABLE: f"jobs-{name}",
        EnvVar.IDEMPOTENCY_TABLE: f"idempotency-{name}",
        EnvVar.MEDIA_BUCKET: f"media-{name}",
        EnvVar.JOBS_QUEUE_URL: queue,
        **{variable: f"{kind}-{name}" for variable, kind in SERVICE_TABLES.items()},
        EnvVar.OIDC_ISSUER: issuer,
        EnvVar.OIDC_AUDIENCE: audience,
    }


def create_jobs_tables(dynamodb: Any, name: str) -> None:
    """Create `jobs-NAME` and `idempotency-NAME`, shaped as the infrastructure makes them."""
    dynamodb.create_table(
        TableName=f"jobs-{name}",
        BillingMode=ON_DEMAND,
        AttributeDefinitions=[
            *_attributes("S", JobsTable.PARTITION_KEY, JobsTable.STATE_INDEX_PARTITION_KEY),
            *_attributes("N", JobsTable.STATE_INDEX_SORT_KEY, JobsTable.OWNER_INDEX_SORT_KEY),
            *_attributes("S", JobsTable.OWNER_INDEX_PARTITION_KEY),
        ],
        KeySchema=_key(JobsTable.PARTITION_KEY),
        GlobalSecondaryIndexes=[
            {
                "IndexName": JobsTable.STATE_INDEX,
                "KeySchema": _key(
                    JobsTable.STATE_INDEX_PARTITION_KEY, JobsTable.STATE_INDEX_SORT_KEY
                ),
                "Projection": {"ProjectionType": "ALL"},
            },
            {
                "IndexName": JobsTable.OWNER_INDEX,
                "KeySchema": _key(
                    JobsTable.OWNER_INDEX_PARTITION_KEY, JobsTable.OWNER_INDEX_SORT_KEY
                ),
                "Projection": {
                    "ProjectionType": "INCLUDE",
                    "NonKeyAttributes": list(JobsTable.OWNER_INDEX_ATTRIBUTES),
                },
            },
        ],
    )
    dynamodb.create_table(
        TableName=f"idempotency-{name}",
        BillingMode=ON_DEMAND,
        AttributeDefinitions=_attributes("S", IdempotencyTable.PARTITION_KEY),
        KeySchema=_key(IdempotencyTable.PARTITION_KEY),
    )


def _create_service_table(dynamodb: Any, name: str) -> None:
    keys = (ServiceTable.PARTITION_KEY, ServiceTable.SORT_KEY)
    dynamodb.create_table(
        TableName=name,
        BillingMode=ON_DEMAND,
        AttributeDefinitions=_attributes("S", *keys),
        KeySchema=_key(*keys),
    )


def _attributes(kind: str, *names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": kind} for name in names]


def _key(*names: str) -> list[dict[str, str]]:
    kinds = ("HASH", "RANGE")
    return [
        {"AttributeName": name, "KeyType": kind} for name, kind in zip(names, kinds, strict=False)
    ]
