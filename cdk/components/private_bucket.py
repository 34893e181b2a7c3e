"""A bucket that is encrypted, closed to the public and to plain HTTP."""

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.naming import removal_policy

_ABANDONED_UPLOAD_DAYS = 2


def private_bucket(
    scope: Construct,
    construct_id: str,
    *,
    name: str,
    environment: EnvironmentConfig,
    lifecycle_rules: list[s3.LifecycleRule],
    versioned: bool = False,
    access_logs: s3.IBucket | None = None,
) -> s3.Bucket:
    """Return a new bucket; parts of uploads that were never completed go after two days.

    A bucket must be empty before its stack can delete it: emptying it by itself would take a
    custom resource with the right to delete everything.
    """
    return s3.Bucket(
        scope,
        construct_id,
        bucket_name=name,
        encryption=s3.BucketEncryption.S3_MANAGED,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        versioned=versioned,
        server_access_logs_bucket=access_logs,
        lifecycle_rules=[
            s3.LifecycleRule(
                id="abandoned-uploads",
                abort_incomplete_multipart_upload_after=Duration.days(_ABANDONED_UPLOAD_DAYS),
            ),
            *lifecycle_rules,
        ],
        removal_policy=removal_policy(environment),
    )
