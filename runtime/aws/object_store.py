"""The object store on S3."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import (
    ConnectionClosedError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from runtime.aws.sdk_errors import typed_faults
from runtime.core.errors import Retryable
from runtime.core.jobs import Source
from runtime.core.ports import (
    ByteCount,
    ListedObject,
    ObjectChangedError,
    ObjectFacts,
    ObjectNotFoundError,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CHUNK_BYTES = 1 << 20
MAX_DELETED_AT_ONCE = 1000
"""The most keys of a DeleteObjects."""

MAX_EMPTY_STREAMS = 4
"""Consecutive streams broken before their first byte, after which a download fails."""

_GONE = ("404", "NoSuchKey", "412", "PreconditionFailed")
_CHANGED = (*_GONE, "409", "ConditionalRequestConflict")
_STREAM_FAULTS = (
    ConnectionClosedError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)


class S3ObjectStore:
    """Reads and writes objects; a download is pinned to its source's version."""

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def look(self, bucket: str, key: str) -> ObjectFacts:
        """Return identity and metadata of the current version; raise `ObjectNotFoundError`."""
        with _calling("reading the head of", bucket, key):
            answer = self._client.head_object(Bucket=bucket, Key=key)
        source = Source(
            bucket=bucket,
            key=key,
            etag=answer["ETag"].strip('"'),
            size_bytes=answer["ContentLength"],
        )
        return ObjectFacts(source=source, metadata=answer["Metadata"])

    def head(self, bucket: str, key: str) -> Source:
        """Return the current version's identity; raise `ObjectNotFoundError`."""
        return self.look(bucket, key).source

    def tag(self, source: Source, name: str) -> str | None:
        """Return a tag of that version, None without it.

        Raise `ObjectNotFoundError` if it was deleted or replaced.
        """
        with _calling("reading the tags of", source.bucket, source.key):
            # Tags have no condition on the ETag: the head names the version that has it.
            head = self._client.head_object(
                Bucket=source.bucket, Key=source.key, IfMatch=f'"{source.etag}"'
            )
            version: dict[str, Any] = (
                {"VersionId": head["VersionId"]} if "VersionId" in head else {}
            )
            found = self._client.get_object_tagging(Bucket=source.bucket, Key=source.key, **version)
        return next((tag["Value"] for tag in found["TagSet"] if tag["Key"] == name), None)

    def download(self, source: Source, path: Path, on_bytes: ByteCount) -> None:
        """Write that version to `path`; raise `ObjectNotFoundError` if it was replaced.

        A broken stream is resumed at the byte where it broke.
        """
        written = 0
        empty_streams = 0
        with path.open("wb") as out, _calling("downloading", source.bucket, source.key):
            while written < source.size_bytes:
                before = written
                broken: Exception | None = None
                try:
                    for count in self._stream(source, written, out):
                        written += count
                        on_bytes(count)
                except _STREAM_FAULTS as error:
                    broken = error
                empty_streams = 0 if written > before else empty_streams + 1
                if empty_streams == MAX_EMPTY_STREAMS:
                    raise broken or IncompleteReadError(
                        actual_bytes=written, expected_bytes=source.size_bytes
                    )

    def upload(self, path: Path, bucket: str, key: str, content_type: str) -> None:
        """Store a file, in parts when it is large."""
        with _calling("uploading", bucket, key):
            try:
                self._client.upload_file(
                    str(path), bucket, key, ExtraArgs={"ContentType": content_type}
                )
            except S3UploadFailedError as error:
                # The transfer manager wraps the service's error.
                raise error.__context__ or error from error

    def list_objects(self, bucket: str, prefix: str) -> Iterator[ListedObject]:
        """Yield the current versions below a prefix, in the order of their keys."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        with _calling("listing", bucket, prefix):
            for page in pages:
                for found in page.get("Contents", []):
                    source = Source(
                        bucket=bucket,
                        key=found["Key"],
                        etag=found["ETag"].strip('"'),
                        size_bytes=found["Size"],
                    )
                    modified_at = found["LastModified"].timestamp()
                    yield ListedObject(source=source, modified_at=modified_at)

    def read_bytes(self, bucket: str, key: str) -> bytes:
        """Return a small object's content; raise `ObjectNotFoundError`."""
        with _calling("reading", bucket, key):
            return self._client.get_object(Bucket=bucket, Key=key)["Body"].read()

    def write_bytes(self, data: bytes, bucket: str, key: str, content_type: str) -> None:
        """Store a small object."""
        with _calling("writing", bucket, key):
            self._client.put_object(Bucket=bucket, Key=key, Body=data, ContentType=content_type)

    def delete_below(self, bucket: str, prefix: str) -> int:
        """Delete every object whose key begins so; return how many there were."""
        keys = [listed.source.key for listed in self.list_objects(bucket, prefix)]
        for first in range(0, len(keys), MAX_DELETED_AT_ONCE):
            batch = keys[first : first + MAX_DELETED_AT_ONCE]
            with _calling("deleting what is below", bucket, prefix):
                answer = self._client.delete_objects(
                    Bucket=bucket, Delete={"Objects": [{"Key": key} for key in batch]}
                )
            if failed := answer.get("Errors", []):
                code = failed[0].get("Code", "Unknown")
                raise Retryable(
                    f"aws.{code}",
                    f"{len(failed)} object(s) below s3://{bucket}/{prefix} were not deleted.",
                    "Try again; if it persists, check the role's s3:DeleteObject.",
                )
        return len(keys)

    def replace(
        self, path: Path, bucket: str, key: str, content_type: str, *, expected: str | None
    ) -> None:
        """Store a file where the object has the ETag `expected`, or where None is if it is None.

        Raise `ObjectChangedError` otherwise. A write that the SDK repeats after a lost answer may
        raise it too.
        """
        condition: dict[str, Any] = (
            {"IfNoneMatch": "*"} if expected is None else {"IfMatch": f'"{expected}"'}
        )
        changed = ObjectChangedError(f"s3://{bucket}/{key} is no longer {expected}")
        doing = f"replacing s3://{bucket}/{key}"
        with typed_faults(doing, expected=_CHANGED, error_then=changed), path.open("rb") as body:
            self._client.put_object(
                Bucket=bucket, Key=key, Body=body, ContentType=content_type, **condition
            )

    def remove(self, bucket: str, expected: Mapping[str, str]) -> None:
        """Delete objects by key where they have the expected ETag; leave the others."""
        left = iter(expected.items())
        while batch := list(islice(left, MAX_DELETED_AT_ONCE)):
            with typed_faults(f"deleting {len(batch)} objects of s3://{bucket}"):
                answer = self._client.delete_objects(
                    Bucket=bucket,
                    Delete={
                        "Objects": [{"Key": key, "ETag": f'"{etag}"'} for key, etag in batch],
                        "Quiet": True,
                    },
                )
            refused = [e for e in answer.get("Errors", []) if e.get("Code") not in _CHANGED]
            if refused:
                raise Retryable(
                    "aws." + refused[0].get("Code", "unknown"),
                    f"{len(refused)} objects of s3://{bucket} could not be deleted: {refused[0]}",
                    "It is tried again.",
                )

    def _stream(self, source: Source, start: int, out: BinaryIO) -> Iterator[int]:
        answer = self._client.get_object(
            Bucket=source.bucket,
            Key=source.key,
            IfMatch=f'"{source.etag}"',
            Range=f"bytes={start}-",
        )
        for chunk in answer["Body"].iter_chunks(CHUNK_BYTES):
            yield out.write(chunk)


def _calling(doing: str, bucket: str, key: str) -> AbstractContextManager[None]:
    gone = ObjectNotFoundError(f"s3://{bucket}/{key} is not there in the version asked for")
    return typed_faults(f"{doing} s3://{bucket}/{key}", expected=_GONE, error_then=gone)
