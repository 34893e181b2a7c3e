"""Presigned requests of S3: uploads whose type, size and metadata are signed, and downloads."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from runtime.aws.sdk_errors import typed_faults
from runtime.core.ports import ObjectNotFoundError
from runtime.core.service_ports import NewObject, PresignedRequest, UploadedPart

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_METADATA = "x-amz-meta-"
_GONE = ("NoSuchUpload", "404")


class S3DirectTransfers:
    """Signs with SigV4, so `client` must have `signature_version` s3v4 (`clients.s3_signing`).

    A header that is signed must be sent unchanged, else S3 answers 403.
    """

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def put(self, target: NewObject, *, expires_seconds: int) -> PresignedRequest:
        """Sign a single PUT with its Content-Length, Content-Type and metadata."""
        url = self._sign(
            "put_object",
            expires_seconds,
            Bucket=target.bucket,
            Key=target.key,
            ContentLength=target.size_bytes,
            ContentType=target.content_type,
            Metadata=dict(target.metadata),
        )
        metadata = {f"{_METADATA}{name}": value for name, value in target.metadata.items()}
        return PresignedRequest(url=url, headers={"Content-Type": target.content_type, **metadata})

    def begin(self, target: NewObject) -> str:
        """Begin a multipart upload; type and metadata are fixed here, by the service."""
        with _calling("beginning the upload of", target.key):
            return self._client.create_multipart_upload(
                Bucket=target.bucket,
                Key=target.key,
                ContentType=target.content_type,
                Metadata=dict(target.metadata),
            )["UploadId"]

    def part(
        self, target: NewObject, multipart_id: str, number: int, size: int, *, expires_seconds: int
    ) -> PresignedRequest:
        """Sign the PUT of one part with its Content-Length."""
        url = self._sign(
            "upload_part",
            expires_seconds,
            Bucket=target.bucket,
            Key=target.key,
            UploadId=multipart_id,
            PartNumber=number,
            ContentLength=size,
        )
        return PresignedRequest(url=url)

    def send_part(
        self, bucket: str, key: str, multipart_id: str, number: int, data: bytes
    ) -> UploadedPart:
        """Store one part from here."""
        with _calling("sending a part of", key):
            answer = self._client.upload_part(
                Bucket=bucket, Key=key, UploadId=multipart_id, PartNumber=number, Body=data
            )
        return UploadedPart(number=number, size_bytes=len(data), etag=answer["ETag"].strip('"'))

    def parts(self, bucket: str, key: str, multipart_id: str) -> Sequence[UploadedPart]:
        """Return the parts that S3 has, by number."""
        pages = self._client.get_paginator("list_parts").paginate(
            Bucket=bucket, Key=key, UploadId=multipart_id
        )
        with _calling("listing the parts of", key):
            return [
                UploadedPart(
                    number=part["PartNumber"],
                    size_bytes=part["Size"],
                    etag=part["ETag"].strip('"'),
                )
                for page in pages
                for part in page.get("Parts", [])
            ]

    def complete(
        self, bucket: str, key: str, multipart_id: str, parts: Sequence[UploadedPart]
    ) -> None:
        """Join the parts into the object."""
        with _calling("completing the upload of", key):
            self._client.complete_multipart_upload(
                Bucket=bucket,
                Key=key,
                UploadId=multipart_id,
                MultipartUpload={
                    "Parts": [
                        {"PartNumber": part.number, "ETag": f'"{part.etag}"'} for part in parts
                    ]
                },
            )

    def abort(self, bucket: str, key: str, multipart_id: str) -> None:
        """Discard a multipart upload; idempotent."""
        with typed_faults(f"aborting the upload of {key}", expected=_GONE):
            self._client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=multipart_id)

    def get(
        self,
        bucket: str,
        key: str,
        *,
        expires_seconds: int,
        content_type: str | None = None,
        file_name: str | None = None,
    ) -> str:
        """Return the URL by which an object is read."""
        answer = {}
        if content_type is not None:
            answer["ResponseContentType"] = content_type
        if file_name is not None:
            answer["ResponseContentDisposition"] = (
                f"attachment; filename*=UTF-8''{quote(file_name)}"
            )
        return self._sign("get_object", expires_seconds, Bucket=bucket, Key=key, **answer)

    def _sign(self, operation: Any, expires_seconds: int, **parameters: Any) -> str:
        with typed_faults(f"signing {operation}"):
            return self._client.generate_presigned_url(
                operation, Params=parameters, ExpiresIn=expires_seconds
            )


def _calling(doing: str, key: str) -> AbstractContextManager[None]:
    gone = ObjectNotFoundError(f"there is no such multipart upload of {key}")
    return typed_faults(f"{doing} {key}", expected=_GONE, error_then=gone)
