"""Versions of objects on S3: listed, and removed for good."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from runtime.aws.sdk_errors import typed_faults
from runtime.core.erasure import ObjectVersion, UnfinishedUpload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PARALLEL_CALLS = 8


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
        """Remove versions and delete markers for good; idempotent.

        One call each, in parallel: a call for many also takes the right to delete current versions
        where policies are judged by the first key.
        """

        def remove(each: ObjectVersion) -> None:
            with typed_faults(f"removing a version of s3://{bucket}"):
                self._client.delete_object(Bucket=bucket, Key=each.key, VersionId=each.version_id)

        with ThreadPoolExecutor(max_workers=PARALLEL_CALLS) as pool:
            list(pool.map(remove, versions))

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
        doing = f"aborting an upload of s3://{bucket}/{upload.key}"
        with typed_faults(doing, expected=("NoSuchUpload",)):
            self._client.abort_multipart_upload(
                Bucket=bucket, Key=upload.key, UploadId=upload.upload_id
            )


def _version(found: Any, etag: str | None, size_bytes: int) -> ObjectVersion:
    return ObjectVersion(
        key=found["Key"],
        version_id=found["VersionId"],
        etag=etag,
        size_bytes=size_bytes,
        modified_at=found["LastModified"].timestamp(),
    )
