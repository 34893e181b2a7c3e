"""Stacks that create what exists already: AWS adopts nothing that another stack, or none, owns."""

import uuid
from typing import Any

import pytest

from local.cloud import LocalCloud
from tests.integration.cloud.stacks import Stacks, resource

pytestmark = pytest.mark.cloud

TABLE: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
ALARM: dict[str, Any] = {
    "MetricName": "Any",
    "Namespace": "Any",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}
FUNCTION: dict[str, Any] = {
    "Runtime": "python3.12",
    "Handler": "index.handle",
    "Role": "arn:aws:iam::000000000000:role/any",
    "Code": {"ZipFile": "def handle(event, context): pass"},
}
NAMED: dict[str, dict[str, Any]] = {
    "Backup::BackupVault": {"BackupVaultName": "NAME"},
    "CloudWatch::Alarm": {"AlarmName": "NAME", **ALARM},
    "DynamoDB::GlobalTable": {"TableName": "NAME", "Replicas": [{"Region": "us-east-1"}], **TABLE},
    "DynamoDB::Table": {"TableName": "NAME", **TABLE},
    "ECR::Repository": {"RepositoryName": "NAME"},
    "Lambda::Function": {"FunctionName": "NAME", **FUNCTION},
    "Logs::LogGroup": {"LogGroupName": "NAME"},
    "S3::Bucket": {"BucketName": "NAME"},
    "SNS::Topic": {"TopicName": "NAME"},
    "SQS::Queue": {"QueueName": "NAME"},
}


@pytest.mark.parametrize("kind", NAMED)
def test_should_refuse_to_create_what_exists(cloud: LocalCloud, kind: str) -> None:
    name = f"any-{uuid.uuid4().hex[:8]}"
    properties = {key: name if value == "NAME" else value for key, value in NAMED[kind].items()}
    retained = {"Named": {**resource(kind, **properties), "DeletionPolicy": "Retain"}}
    Stacks(cloud).create(retained)
    # Buckets are compared before the creation begins.
    reason = "Validation failed" if kind == "S3::Bucket" else "already exists"
    assert reason in Stacks(cloud).failed_creation(retained)


def test_should_refuse_an_alias_that_exists(cloud: LocalCloud) -> None:
    key = cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]
    name = f"alias/any-{uuid.uuid4().hex[:8]}"
    alias = {"Alias": resource("KMS::Alias", AliasName=name, TargetKeyId=key)}
    Stacks(cloud).create(alias)
    assert "already exists" in Stacks(cloud).failed_creation(alias)


@pytest.mark.parametrize(
    ("policy", "kept"), [("Retain", True), ("RetainExceptOnCreate", False), ("Delete", False)]
)
def test_should_keep_after_a_failed_creation_only_what_is_retained_then_too(
    cloud: LocalCloud, policy: str, *, kept: bool
) -> None:
    name = f"any-{uuid.uuid4().hex[:8]}"
    resources = {
        "Named": {**resource("Logs::LogGroup", LogGroupName=name), "DeletionPolicy": policy},
        "Broken": {
            **resource("EC2::NatGateway", SubnetId="subnet-unknown"),
            "DependsOn": "Named",
        },
    }
    assert "subnet-unknown" in Stacks(cloud).failed_creation(resources)
    groups = cloud.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert bool(groups) == kept
