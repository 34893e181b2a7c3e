"""Resource types that hold data, and what is lost with each."""

from collections.abc import Mapping
from typing import Any

Resources = Mapping[str, Mapping[str, Any]]
"""Resources of a template by logical id."""

Stacks = Mapping[str, Resources]
"""Resources of an environment by stack and logical id."""

LOSSES = {
    "AWS::Backup::BackupVault": "its recovery points",
    "AWS::DynamoDB::GlobalTable": "its items",
    "AWS::DynamoDB::Table": "its items",
    "AWS::ECR::Repository": "its images",
    "AWS::EFS::FileSystem": "its files",
    "AWS::KMS::Key": "all that is encrypted with it",
    "AWS::KMS::ReplicaKey": "all that is encrypted with it",
    "AWS::Logs::LogGroup": "its lines",
    "AWS::S3::Bucket": "its objects",
    "AWS::SNS::Topic": "its subscribers' confirmations",
    "AWS::SQS::Queue": "the messages in it",
    "AWS::SecretsManager::Secret": "its value",
}
"""Guarded resource types, and what is lost with one."""

NAMES = (
    "BucketName",
    "TableName",
    "QueueName",
    "LogGroupName",
    "RepositoryName",
    "TopicName",
    "BackupVaultName",
    "Name",
)
"""Properties that hold the physical name of the types above."""


def stateful(template: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a template's guarded resources by logical id, without CDK's metadata."""
    return {
        logical_id: {key: value for key, value in resource.items() if key != "Metadata"}
        for logical_id, resource in template.get("Resources", {}).items()
        if resource["Type"] in LOSSES
    }


def physical_name(resource: Mapping[str, Any]) -> Any:
    """Return the name that a resource is given, which may be an intrinsic function, or None."""
    properties = resource.get("Properties", {})
    return next((properties[key] for key in NAMES if key in properties), None)
