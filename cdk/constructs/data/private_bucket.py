"""A bucket that is encrypted, closed to the public and to plain HTTP."""

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
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
    key: kms.IKey | None,
    expire: dict[str, int | None],
    infrequent: dict[str, int | None] | None = None,
    access_logs: s3.IBucket | None = None,
    cors: list[s3.CorsRule] | None = None,
) -> s3.Bucket:
    """Return a new bucket; `expire` maps a prefix to its objects' age in days, None keeps them.

    `infrequent` maps it to the age at which they move to the class for infrequent access.

    Overwritten and deleted objects stay restorable for some days. Parts of uploads that were never
    completed expire after two days.

    A person empties the bucket before its stack can be deleted: emptying it automatically would
    take a custom resource with the right to delete everything.
    """
    return s3.Bucket(
        scope,
        construct_id,
        bucket_name=name,
        encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
        encryption_key=key,
        # S3 then calls KMS per bucket key instead of per object.
        bucket_key_enabled=True if key else None,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        versioned=True,
        server_access_logs_bucket=access_logs,
        cors=cors,
        lifecycle_rules=[
            s3.LifecycleRule(
                id="abandoned-uploads",
                abort_incomplete_multipart_upload_after=Duration.days(_ABANDONED_UPLOAD_DAYS),
            ),
            s3.LifecycleRule(
                id="old-versions",
                expired_object_delete_marker=True,
                noncurrent_version_expiration=Duration.days(environment.storage.old_version_days),
            ),
            *(
                s3.LifecycleRule(
                    id=prefix.strip("/") or "all",
                    prefix=prefix or None,
                    expiration=Duration.days(days),
                )
                for prefix, days in expire.items()
                if days is not None
            ),
            *(
                s3.LifecycleRule(
                    id=f"{prefix.strip('/')}-infrequent",
                    prefix=prefix,
                    transitions=[
                        s3.Transition(
                            storage_class=s3.StorageClass.INFREQUENT_ACCESS,
                            transition_after=Duration.days(days),
                        )
                    ],
                )
                for prefix, days in (infrequent or {}).items()
                if days is not None
            ),
        ],
        removal_policy=removal_policy(environment),
    )
