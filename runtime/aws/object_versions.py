"""Versions of objects on S3: listed, and removed for good."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from runtime.aws.sdk_errors import error_code, typed_faults
from runtime.core.erasure import ObjectVersion, UnfinishedUpload
from runtime.core.errors import Permanent, Retryable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_REMOVED_AT_ONCE = 1000
"""The most versions of a DeleteObjects."""

_LOCKED = frozenset({"AccessDenied", "ObjectLocked", "InvalidRequest"})


class S3ObjectVersions:
    """Lists and removes versions, delete markers and unfinished multipart uploads."""

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def versions(self, bucket: str, prefix: str) -> Iterator[ObjectVersion]:
        """Yield every version and delete marker of the keys that begin so."""
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=bucket, Prefix=prefix
        )
        with typed_faults(f"listing the versions below s3://{bucket}/{prefix}"):
            for page in pages:
                for found in page.get("Versions", []):
                    yield _version(found, found["ETag"].strip('"'), found["Size"])
                for marker in page.get("DeleteMarkers", []):
                    yield _version(marker, None, 0)

    def remove_versions(self, bucket: str, versions: Sequence[ObjectVersion]) -> None:
        """Remove versions and delete markers for good; idempotent."""
        for batch in _batches(versions):
            with typed_faults(f"removing {len(batch)} versions of s3://{bucket}"):
                answer = self._client.delete_objects(
                    Bucket=bucket,
                    Delete={
                        "Objects": [
                            {"Key": each.key, "VersionId": each.version_id} for each in batch
                        ],
                        "Quiet": True,
                    },
                )
            if errors := answer.get("Errors", []):
                raise _refused(bucket, len(errors), errors[0].get("Code", "unknown"))

    def unfinished(self, bucket: str, prefix: str) -> Iterator[UnfinishedUpload]:
        """Yield the unfinished multipart uploads of the keys that begin so."""
        pages = self._client.get_paginator("list_multipart_uploads").paginate(
            Bucket=bucket, Prefix=prefix
        )
        with typed_faults(f"listing the unfinished uploads below s3://{bucket}/{prefix}"):
            for page in pages:
                for found in page.get("Uploads", []):
                    yield UnfinishedUpload(key=found["Key"], upload_id=found["UploadId"])

    def abort(self, bucket: str, upload: UnfinishedUpload) -> None:
        """Discard the parts of a multipart upload; idempotent."""
        with typed_faults(f"aborting an upload of s3://{bucket}/{upload.key}"):
            try:
                self._client.abort_multipart_upload(
                    Bucket=bucket, Key=upload.key, UploadId=upload.upload_id
                )
            except ClientError as error:
                if error_code(error) != "NoSuchUpload":
                    raise


def _batches(versions: Sequence[ObjectVersion]) -> Iterator[Sequence[ObjectVersion]]:
    for first in range(0, len(versions), MAX_REMOVED_AT_ONCE):
        yield versions[first : first + MAX_REMOVED_AT_ONCE]


def _version(found: Any, etag: str | None, size_bytes: int) -> ObjectVersion:
    return ObjectVersion(
        key=found["Key"],
        version_id=found["VersionId"],
        etag=etag,
        size_bytes=size_bytes,
        modified_at=found["LastModified"].timestamp(),
    )


def _refused(bucket: str, count: int, code: str) -> Exception:
    what = f"{count} version(s) in s3://{bucket} were not removed ({code})."
    if code in _LOCKED:
        return Permanent(
            f"aws.{code}",
            what,
            "Check the role's s3:DeleteObjectVersion, and whether the bucket locks objects; "
            "the next sweep tries again.",
        )
    return Retryable(f"aws.{code}", what, "The next sweep tries again.")
