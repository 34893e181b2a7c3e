"""Downloads over a network that breaks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.aws import clients
from runtime.aws.object_store import MAX_EMPTY_STREAMS, S3ObjectStore
from runtime.core.errors import Permanent, Retryable
from runtime.core.jobs import Source
from tests.fakes.aws_endpoint import Answer, AwsEndpoint, Call

DATA = bytes(range(256)) * 40
SOURCE = Source(bucket="any-bucket", key="uploads/any.mp4", etag="any-etag", size_bytes=len(DATA))


@pytest.fixture
def objects(endpoint: AwsEndpoint) -> Iterator[S3ObjectStore]:
    del endpoint
    client = clients.s3("us-east-1")
    yield S3ObjectStore(client)
    client.close()


def _from_the_byte_asked_for(call: Call, *, cut_after: int | None) -> Answer:
    start = int(call.headers["Range"].removeprefix("bytes=").removesuffix("-"))
    return Answer(status=206, body=DATA[start:], cut_after=cut_after)


def test_should_take_a_broken_stream_up_where_it_broke(
    objects: S3ObjectStore, endpoint: AwsEndpoint, tmp_path: Path
) -> None:
    endpoint.respond = lambda call: _from_the_byte_asked_for(call, cut_after=3000)
    moved: list[int] = []
    objects.download(SOURCE, tmp_path / "video", moved.append)
    assert (tmp_path / "video").read_bytes() == DATA
    assert sum(moved) == len(DATA)
    assert len(endpoint.calls) > 1
    assert {call.headers["If-Match"] for call in endpoint.calls} == {'"any-etag"'}


def test_should_give_up_as_retryable_when_no_byte_comes_any_more(
    objects: S3ObjectStore, endpoint: AwsEndpoint, tmp_path: Path
) -> None:
    endpoint.respond = lambda _: Answer(status=206, body=DATA, cut_after=-len(DATA))
    with pytest.raises(Retryable, match=r"s3://any-bucket/uploads/any\.mp4"):
        objects.download(SOURCE, tmp_path / "video", lambda _: None)
    assert len(endpoint.calls) == MAX_EMPTY_STREAMS


def test_should_tell_a_denied_upload_from_a_failed_one(
    objects: S3ObjectStore, endpoint: AwsEndpoint, tmp_path: Path
) -> None:
    path = tmp_path / "any.json"
    path.write_bytes(b"{}")
    denial = b"<Error><Code>AccessDenied</Code><Message>any</Message></Error>"
    endpoint.script(Answer(status=403, body=denial))
    with pytest.raises(Permanent, match="AccessDenied"):
        objects.upload(path, "any-bucket", "results/any", "application/json")
    slow = b"<Error><Code>SlowDown</Code><Message>any</Message></Error>"
    endpoint.script(Answer(status=503, body=slow))
    with pytest.raises(Retryable, match="SlowDown"):
        objects.upload(path, "any-bucket", "results/any", "application/json")
