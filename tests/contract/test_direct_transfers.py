"""What presigned transfers promise, on the fake and on S3."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest

from runtime.aws import clients
from runtime.aws.direct_transfers import S3DirectTransfers
from runtime.aws.object_store import S3ObjectStore
from runtime.core.ports import ObjectNotFoundError, ObjectStore
from runtime.core.service_ports import DirectTransfers, NewObject
from tests.fakes.objects import InMemoryObjectStore
from tests.fakes.transfers import FakeTransfers

PART = 5 << 20
TARGET = NewObject(
    bucket=f"transfers-{uuid4().hex[:12]}",
    key="uploads/any/a b+ü.mp4",
    size_bytes=3,
    content_type="video/mp4",
    metadata={"lifestream-owner": "any-owner"},
)


@dataclass(frozen=True, slots=True)
class Transfers:
    transfers: DirectTransfers
    objects: ObjectStore
    send: Callable[[str, Mapping[str, str], bytes], str]


def _fake(request: pytest.FixtureRequest) -> Transfers:
    del request
    objects = InMemoryObjectStore()
    transfers = FakeTransfers(objects)
    return Transfers(transfers, objects, transfers.send)


def _s3(request: pytest.FixtureRequest) -> Transfers:
    request.getfixturevalue("cloud")
    client, signing = clients.s3("us-east-1"), clients.s3_signing("us-east-1")
    client.create_bucket(Bucket=TARGET.bucket)
    request.addfinalizer(client.close)
    request.addfinalizer(signing.close)

    def send(url: str, headers: Mapping[str, str], body: bytes) -> str:
        answer = httpx.put(url, headers=dict(headers), content=body, trust_env=False)
        answer.raise_for_status()
        return answer.headers["etag"].strip('"')

    return Transfers(S3DirectTransfers(signing), S3ObjectStore(client), send)


@pytest.fixture(params=[_fake, pytest.param(_s3, marks=pytest.mark.cloud)])
def transfers(request: pytest.FixtureRequest) -> Transfers:
    make: Callable[[pytest.FixtureRequest], Transfers] = request.param
    return make(request)


def test_should_store_a_single_put_with_its_metadata(transfers: Transfers) -> None:
    signed = transfers.transfers.put(TARGET, expires_seconds=60)
    etag = transfers.send(signed.url, signed.headers, b"any")
    found = transfers.objects.look(TARGET.bucket, TARGET.key)
    assert (found.source.etag, found.source.size_bytes) == (etag, 3)
    assert found.metadata == TARGET.metadata


def test_should_join_the_parts_of_an_upload(transfers: Transfers) -> None:
    port, bucket, key = transfers.transfers, TARGET.bucket, TARGET.key
    multipart_id = port.begin(TARGET)
    assert list(port.parts(bucket, key, multipart_id)) == []
    signed = port.part(TARGET, multipart_id, 1, PART, expires_seconds=60)
    transfers.send(signed.url, signed.headers, b"a" * PART)
    sent = port.send_part(bucket, key, multipart_id, 2, b"end")
    parts = port.parts(bucket, key, multipart_id)
    assert [(part.number, part.size_bytes) for part in parts] == [(1, PART), (2, 3)]
    assert parts[1] == sent
    port.complete(bucket, key, multipart_id, parts)
    assert transfers.objects.read_bytes(bucket, key) == b"a" * PART + b"end"
    assert transfers.objects.look(bucket, key).metadata == TARGET.metadata
    with pytest.raises(ObjectNotFoundError):
        port.parts(bucket, key, multipart_id)


def test_should_abort_an_upload_twice(transfers: Transfers) -> None:
    port = transfers.transfers
    multipart_id = port.begin(TARGET)
    for _ in range(2):
        port.abort(TARGET.bucket, TARGET.key, multipart_id)
    with pytest.raises(ObjectNotFoundError):
        port.parts(TARGET.bucket, TARGET.key, multipart_id)


@pytest.mark.usefixtures("aws_environment")
def test_should_sign_size_type_and_metadata() -> None:
    client = clients.s3_signing("us-east-1")
    signed = S3DirectTransfers(client).put(TARGET, expires_seconds=60)
    (names,) = parse_qs(urlsplit(signed.url).query)["X-Amz-SignedHeaders"]
    assert names == "content-length;content-type;host;x-amz-meta-lifestream-owner"
    part = S3DirectTransfers(client).part(TARGET, "any", 1, 3, expires_seconds=60)
    (names,) = parse_qs(urlsplit(part.url).query)["X-Amz-SignedHeaders"]
    assert names == "content-length;host"
    client.close()
