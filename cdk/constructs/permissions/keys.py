"""Statements on the environment's key, where there is one."""

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from cdk.constructs.permissions.statement import allow


def describe_key(key: kms.IKey | None, *services: str) -> list[iam.PolicyStatement]:
    """Describe the environment's key through these services, if it has one."""
    return _use(key, ["kms:DescribeKey"], services)


def read_encrypted(key: kms.IKey | None, *services: str) -> list[iam.PolicyStatement]:
    """Read what these services encrypt with the environment's key, if it has one.

    DynamoDB decrypts a table's own key with it for reads and for writes.
    """
    return _use(key, ["kms:Decrypt"], services)


def write_encrypted(key: kms.IKey | None, *services: str) -> list[iam.PolicyStatement]:
    """Write what these services encrypt with the environment's key, if it has one.

    S3 and SQS decrypt an earlier data key for another part or message.
    """
    return _use(key, ["kms:GenerateDataKey", "kms:Decrypt"], services)


def _use(
    key: kms.IKey | None, actions: list[str], services: tuple[str, ...]
) -> list[iam.PolicyStatement]:
    if key is None:
        return []
    # Only through a service: the role cannot call KMS directly.
    return [
        allow(
            actions,
            key.key_arn,
            conditions={
                "StringEquals": {"kms:ViaService": [via_service(service) for service in services]}
            },
        )
    ]


def via_service(service: str) -> str:
    """Return a service's name in `kms:ViaService`."""
    return f"{service}.{Aws.REGION}.amazonaws.com"
