"""Presigned requests against a fake object store: `send` is what S3 does with one."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import parse_qs, quote, unquote, urlsplit

from runtime.core.ports import ObjectNotFoundError
from runtime.core.service_ports import NewObject, PresignedRequest, UploadedPart
from tests.fakes.objects import InMemoryObjectStore, StoredObject

HOST = "https://s3.example.test"


class SignatureError(Exception):
    """S3 refuses a request that differs from what was signed."""


@dataclass(slots=True)
class _Multipart:
    target: NewObject
    parts: dict[int, bytes] = field(default_factory=dict)


class FakeTransfers:
    """`refuse_all` makes S3 refuse what it is sent, as with an expired URL."""

    def __init__(self, objects: InMemoryObjectStore) -> None:
        self._objects = objects
        self._numbers = count(1)
        self._multiparts: dict[str, _Multipart] = {}
        self._singles: dict[str, NewObject] = {}
        self._sizes: dict[str, int] = {}
        self.refuse_all = False

    def put(self, target: NewObject, *, expires_seconds: int) -> PresignedRequest:
        url = self._url(target.bucket, target.key, expires_seconds, single="1")
        self._singles[url] = target
        metadata = {f"x-amz-meta-{name}": value for name, value in target.metadata.items()}
        return PresignedRequest(url=url, headers={"Content-Type": target.content_type, **metadata})

    def begin(self, target: NewObject) -> str:
        multipart_id = f"multipart-{next(self._numbers)}"
        self._multiparts[multipart_id] = _Multipart(target)
        return multipart_id

    def part(
        self, target: NewObject, multipart_id: str, number: int, size: int, *, expires_seconds: int
    ) -> PresignedRequest:
        url = self._url(
            target.bucket, target.key, expires_seconds, upload=multipart_id, part=str(number)
        )
        self._sizes[url] = size
        return PresignedRequest(url=url)

    def send_part(
        self, bucket: str, key: str, multipart_id: str, number: int, data: bytes
    ) -> UploadedPart:
        del bucket
        self._open(key, multipart_id).parts[number] = data
        return UploadedPart(number=number, size_bytes=len(data), etag=_etag(data))

    def parts(self, bucket: str, key: str, multipart_id: str) -> Sequence[UploadedPart]:
        del bucket
        return [
            UploadedPart(number=number, size_bytes=len(data), etag=_etag(data))
            for number, data in sorted(self._open(key, multipart_id).parts.items())
        ]

    def complete(
        self, bucket: str, key: str, multipart_id: str, parts: Sequence[UploadedPart]
    ) -> None:
        found = self._open(key, multipart_id)
        data = b"".join(found.parts[part.number] for part in parts)
        del self._multiparts[multipart_id]
        self._store(bucket, found.target, data)

    def abort(self, bucket: str, key: str, multipart_id: str) -> None:
        del bucket, key
        self._multiparts.pop(multipart_id, None)

    def get(
        self,
        bucket: str,
        key: str,
        *,
        expires_seconds: int,
        content_type: str | None = None,
        file_name: str | None = None,
    ) -> str:
        del content_type, file_name
        return self._url(bucket, key, expires_seconds)

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> str:
        """Do what S3 does with a PUT; return the ETag, or raise `SignatureError`."""
        target = self._singles.get(url)
        if self.refuse_all:
            raise SignatureError(url)
        if target is not None:
            signed = PresignedRequest(
                url=url,
                headers={
                    "Content-Type": target.content_type,
                    **{f"x-amz-meta-{name}": value for name, value in target.metadata.items()},
                },
            )
            if dict(headers) != dict(signed.headers) or len(body) != target.size_bytes:
                raise SignatureError(url)
            self._store(target.bucket, target, body)
            return _etag(body)
        if self._sizes.get(url) != len(body):
            raise SignatureError(url)
        query = parse_qs(urlsplit(url).query)
        key = unquote(urlsplit(url).path).split("/", 2)[2]
        self._open(key, query["upload"][0]).parts[int(query["part"][0])] = body
        return _etag(body)

    def _store(self, bucket: str, target: NewObject, data: bytes) -> None:
        self._objects.objects[bucket, target.key] = StoredObject(
            data, target.content_type, dict(target.metadata)
        )

    def _open(self, key: str, multipart_id: str) -> _Multipart:
        found = self._multiparts.get(multipart_id)
        if found is None or found.target.key != key:
            raise ObjectNotFoundError(f"there is no multipart upload {multipart_id}")
        return found

    def _url(self, bucket: str, key: str, seconds: int, **query: str) -> str:
        named = "".join(f"&{name}={value}" for name, value in query.items())
        return f"{HOST}/{bucket}/{quote(key)}?expires={seconds}{named}"


def _etag(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
