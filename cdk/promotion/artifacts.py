"""Buckets of the pipeline's artifacts: one in each region that it deploys to.

CodePipeline reads artifacts in the region of an action, and in another account only under a key
whose policy can admit that account.
"""

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk.promotion.targets import DeploymentTarget
from runtime.core.contract import SERVICE_NAME

_ARTIFACT_DAYS = 90
_ACCESS_LOG_DAYS = 365


def artifact_bucket(scope: Construct, *, key: kms.IKey, name: str | None = None) -> s3.Bucket:
    """Return a new bucket of artifacts, and create the bucket of its access logs."""
    access_logs = s3.Bucket(
        scope,
        "AccessLogs",
        encryption=s3.BucketEncryption.S3_MANAGED,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        enforce_ssl=True,
        versioned=True,
        lifecycle_rules=_expire(_ACCESS_LOG_DAYS),
        removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    )
    return s3.Bucket(
        scope,
        "Artifacts",
        bucket_name=name,
        encryption=s3.BucketEncryption.KMS,
        encryption_key=key,
        bucket_key_enabled=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        enforce_ssl=True,
        # CodePipeline refuses a bucket without versions.
        versioned=True,
        server_access_logs_bucket=access_logs,
        lifecycle_rules=_expire(_ARTIFACT_DAYS),
        removal_policy=RemovalPolicy.DESTROY,
    )


def artifact_key(scope: Construct) -> kms.Key:
    """Return a new key of artifacts, rotated every year."""
    return kms.Key(
        scope,
        "ArtifactKey",
        description="Lifestream: artifacts of the pipeline",
        enable_key_rotation=True,
        removal_policy=RemovalPolicy.DESTROY,
    )


class ArtifactsStack(Stack):
    """`bucket`: what the pipeline's actions of another region read."""

    def __init__(self, scope: Construct, *, target: DeploymentTarget) -> None:
        super().__init__(
            scope,
            f"Artifacts-{target.region}",
            stack_name=f"{SERVICE_NAME}-artifacts",
            description="Lifestream: artifacts of the pipeline in another of its regions",
            env=target.environment,
        )
        # Names, because no export crosses a region.
        alias = kms.Alias(
            self,
            "ArtifactAlias",
            alias_name=f"alias/{SERVICE_NAME}-artifacts",
            target_key=artifact_key(self),
        )
        self.bucket = artifact_bucket(
            self, key=alias, name=f"{SERVICE_NAME}-artifacts-{target.account}-{target.region}"
        )


def _expire(days: int) -> list[s3.LifecycleRule]:
    return [
        s3.LifecycleRule(
            expiration=Duration.days(days), noncurrent_version_expiration=Duration.days(1)
        )
    ]
