"""Gap (1.5.33, upstream): the ETag of an object encrypted with KMS is the MD5 of its bytes.

On AWS it is not: the same bytes uploaded twice have two ETags. Copies keep the source's ETag.
"""

import hashlib
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ministack.services import s3

from local.emulator.patching import patch, replace

ALGORITHM = "x-amz-server-side-encryption"
KMS = ("aws:kms", "aws:kms:dsse")


class Salt(threading.local):
    """What is added to the bytes whose MD5 becomes an ETag of the current write."""

    value = b""

    @contextmanager
    def drawn(self, bucket: str, headers: Mapping[str, Any]) -> Iterator[None]:
        """Draw a salt for one write into a bucket, if KMS encrypts it."""
        algorithm = headers.get(ALGORITHM) or s3._bucket_default_sse_headers(bucket).get(ALGORITHM)
        self.value = secrets.token_bytes(16) if algorithm in KMS else b""
        try:
            yield
        finally:
            self.value = b""


class SaltedHashlib:
    """`hashlib` with a salted MD5."""

    def __init__(self, salt: Salt) -> None:
        self._salt = salt

    def __getattr__(self, name: str) -> Any:
        return getattr(hashlib, name)

    def md5(self, data: bytes = b"") -> Any:
        """Return the MD5 of the data and the salt."""
        return hashlib.md5(data + self._salt.value)  # noqa: S324 - S3's ETag is an MD5


WHOLE, PARTS = Salt(), Salt()


@patch(s3, "md5_hash")
def md5_hash(original: Any, data: bytes) -> Any:
    """Salt what a put is hashed with."""
    return original(data + WHOLE.value)


@patch(s3, "_put_object")
def put(original: Any, bucket: str, key: str, body: bytes, headers: Mapping[str, Any]) -> Any:
    """Give an object another ETag with each put."""
    with WHOLE.drawn(bucket, headers):
        return original(bucket, key, body, headers)


@patch(s3, "_complete_multipart_upload")
def complete(original: Any, bucket: str, *rest: Any, **more: Any) -> Any:
    """Give an object another ETag with each multipart upload."""
    with PARTS.drawn(bucket, {}):
        return original(bucket, *rest, **more)


def install() -> None:
    """Salt parts: they are hashed by the module's name, so that name is what is replaced."""
    replace(s3, "hashlib", SaltedHashlib(PARTS), module=__name__)
