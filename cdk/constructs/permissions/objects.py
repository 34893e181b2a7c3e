"""Statements on the media bucket, which is given by its ARN.

An ARN made of the name reads better in a policy than the id of an export.
"""

from aws_cdk import aws_iam as iam

from cdk.constructs.permissions.statement import allow
from runtime.core.contract import RESULTS_PREFIX, UPLOADS_PREFIX, WORK_PREFIX


def read_objects(bucket_arn: str, prefix: str) -> iam.PolicyStatement:
    """Read objects (and their heads) below a prefix."""
    return allow(["s3:GetObject"], f"{bucket_arn}/{prefix}*")


def read_tags(bucket_arn: str, prefix: str) -> iam.PolicyStatement:
    """Read the tags of objects below a prefix, in whatever version."""
    return allow(["s3:GetObjectTagging", "s3:GetObjectVersionTagging"], f"{bucket_arn}/{prefix}*")


def write_objects(bucket_arn: str, *prefixes: str) -> iam.PolicyStatement:
    """Write objects below prefixes, and clear up after a broken multipart upload."""
    return allow(
        ["s3:PutObject", "s3:AbortMultipartUpload"],
        *[f"{bucket_arn}/{prefix}*" for prefix in prefixes],
    )


def delete_objects(bucket_arn: str, prefix: str) -> iam.PolicyStatement:
    """Delete current versions below a prefix; S3 keeps them as old versions for a while."""
    return allow(["s3:DeleteObject"], f"{bucket_arn}/{prefix}*")


def erase_objects(bucket_arn: str) -> list[iam.PolicyStatement]:
    """List and remove every version of uploads, checkpoints and results.

    Only the reaper may: with this right alone nothing can be restored. S3 knows no condition on
    the prefix where unfinished uploads are listed.
    """
    prefixes = (UPLOADS_PREFIX, WORK_PREFIX, RESULTS_PREFIX)
    return [
        allow(
            ["s3:ListBucketVersions"],
            bucket_arn,
            conditions={"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}},
        ),
        allow(["s3:ListBucketMultipartUploads"], bucket_arn),
        allow(
            ["s3:DeleteObjectVersion", "s3:AbortMultipartUpload"],
            *[f"{bucket_arn}/{prefix}*" for prefix in prefixes],
        ),
    ]


def detect_missing_objects(bucket_arn: str) -> iam.PolicyStatement:
    """Have S3 answer 404 for a missing object.

    Without the right to list, S3 answers 403, and a deleted upload would look like a broken role.
    The statement has no condition on the prefix: a request for an object carries no `s3:prefix`.
    """
    return allow(["s3:ListBucket"], bucket_arn)


def list_objects(bucket_arn: str, prefix: str) -> iam.PolicyStatement:
    """List the objects below a prefix."""
    return allow(
        ["s3:ListBucket"], bucket_arn, conditions={"StringLike": {"s3:prefix": f"{prefix}*"}}
    )


def take_uploads(bucket_arn: str) -> list[iam.PolicyStatement]:
    """Have browsers upload by presigned URLs, read objects, publish corrections.

    A presigned URL may do what its signer may. Nothing here removes an upload: the reaper erases.
    """
    uploads, results, work = (
        f"{bucket_arn}/{prefix}*" for prefix in (UPLOADS_PREFIX, RESULTS_PREFIX, WORK_PREFIX)
    )
    return [
        allow(["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"], uploads),
        # Corrections are published beside what they correct.
        allow(["s3:PutObject"], results),
        allow(["s3:GetObject"], uploads, results, work),
        # The public copy of a revision replaces an older one.
        allow(["s3:DeleteObject"], results),
        detect_missing_objects(bucket_arn),
    ]
