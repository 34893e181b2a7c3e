"""Gap (1.5.33, upstream): CloudFormation deletes full buckets and protected tables.

Each service's own call decides; where it refuses, the stack's deletion fails as on AWS.
"""

from ministack.services import dynamodb, s3

from local.emulator.cloudformation.handlers import Delete, Properties, require


def delete_bucket(_original: Delete, name: str, _properties: Properties) -> None:
    """Delete a bucket by S3's own call; raise `ValueError` when it refuses."""
    if name in s3._buckets:
        require(s3._delete_bucket(name), "bucket")


def delete_table(_original: Delete, name: str, _properties: Properties) -> None:
    """Delete a table by DynamoDB's own call; raise `ValueError` when it refuses."""
    if name in dynamodb._tables:
        require(dynamodb._delete_table({"TableName": name}), "table")
