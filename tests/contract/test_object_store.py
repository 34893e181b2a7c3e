"""What every object store promises, on the fake and on S3."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from runtime.aws import clients
from runtime.aws.object_store import S3ObjectStore
from runtime.core.contract import Compute
from runtime.core.jobs import Source
from runtime.core.options import JobOptions, parse_options
from runtime.core.ports import ObjectChangedError, ObjectNotFoundError, ObjectStore
from tests.fakes.objects import InMemoryObjectStore

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import TaggingTypeDef

BUCKET = f"contract-{uuid4().hex[:12]}"
KEY = "uploads/a+b with Grüße.mp4"
MANY_BYTES = bytes(range(256)) * 12_000


def _fake(request: pytest.FixtureRequest) -> ObjectStore:
    del request
    return InMemoryObjectStore()


def _s3(request: pytest.FixtureRequest) -> ObjectStore:
    request.getfixturevalue("cloud")
    client = clients.s3("us-east-1")
    client.create_bucket(Bucket=BUCKET)
    # As the media bucket is.
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    request.addfinalizer(client.close)
    return S3ObjectStore(client)


@pytest.fixture(params=[_fake, pytest.param(_s3, marks=pytest.mark.cloud)])
def objects(request: pytest.FixtureRequest) -> ObjectStore:
    make: Callable[[pytest.FixtureRequest], ObjectStore] = request.param
    return make(request)


def test_should_identify_the_current_version(objects: ObjectStore) -> None:
    objects.write_bytes(b"any", BUCKET, KEY, "video/mp4")
    first = objects.head(BUCKET, KEY)
    assert (first.bucket, first.key, first.size_bytes) == (BUCKET, KEY, 3)
    assert first.etag == "100b8cad7cf2a56f6df78f171f97a1ec"
    objects.write_bytes(b"other", BUCKET, KEY, "video/mp4")
    assert objects.head(BUCKET, KEY).etag != first.etag


@pytest.mark.parametrize("data", [b"", b"any", MANY_BYTES])
def test_should_download_what_was_written_and_count_its_bytes(
    objects: ObjectStore, tmp_path: Path, data: bytes
) -> None:
    objects.write_bytes(data, BUCKET, KEY, "video/mp4")
    moved: list[int] = []
    objects.download(objects.head(BUCKET, KEY), tmp_path / "video", moved.append)
    assert (tmp_path / "video").read_bytes() == data
    assert sum(moved) == len(data)


def test_should_refuse_to_download_a_version_that_was_replaced(
    objects: ObjectStore, tmp_path: Path
) -> None:
    objects.write_bytes(b"old", BUCKET, KEY, "video/mp4")
    old = objects.head(BUCKET, KEY)
    objects.write_bytes(b"new", BUCKET, KEY, "video/mp4")
    with pytest.raises(ObjectNotFoundError):
        objects.download(old, tmp_path / "video", lambda _: None)


def set_tag(objects: ObjectStore, source: Source, name: str, value: str) -> None:
    """Tag the current version, as GuardDuty does."""
    if isinstance(objects, InMemoryObjectStore):
        objects.set_tag(source, name, value)
        return
    client = clients.s3("us-east-1")
    tags: TaggingTypeDef = {"TagSet": [{"Key": name, "Value": value}]}
    client.put_object_tagging(Bucket=source.bucket, Key=source.key, Tagging=tags)
    client.close()


def test_should_read_the_tags_of_the_version_asked_for(
    objects: InMemoryObjectStore | S3ObjectStore,
) -> None:
    objects.write_bytes(b"old", BUCKET, KEY, "video/mp4")
    old = objects.head(BUCKET, KEY)
    assert objects.tag(old, "scanned") is None
    set_tag(objects, old, "scanned", "yes")
    assert (objects.tag(old, "scanned"), objects.tag(old, "other")) == ("yes", None)
    objects.write_bytes(b"new", BUCKET, KEY, "video/mp4")
    assert objects.tag(objects.head(BUCKET, KEY), "scanned") is None
    with pytest.raises(ObjectNotFoundError):
        objects.tag(old, "scanned")


def test_should_store_a_file(objects: ObjectStore, tmp_path: Path) -> None:
    path = tmp_path / "any.json"
    path.write_bytes(b"{}")
    objects.upload(path, BUCKET, "results/any/any.json", "application/json")
    assert objects.read_bytes(BUCKET, "results/any/any.json") == b"{}"


def test_should_list_what_lies_below_a_prefix(objects: ObjectStore) -> None:
    for name in ("b/2", "b/1", "c/1"):
        objects.write_bytes(name.encode(), BUCKET, f"listed/{name}", "text/plain")
    found = list(objects.list_objects(BUCKET, "listed/b/"))
    assert [each.source.key for each in found] == ["listed/b/1", "listed/b/2"]
    assert found[0].source == objects.head(BUCKET, "listed/b/1")


def test_should_replace_only_what_is_as_expected(objects: ObjectStore, tmp_path: Path) -> None:
    key = "replaced/any.json"
    path = tmp_path / "file"

    def put(content: bytes, expected: str | None) -> None:
        path.write_bytes(content)
        objects.replace(path, BUCKET, key, "application/json", expected=expected)

    put(b"first", None)
    first = objects.head(BUCKET, key).etag
    with pytest.raises(ObjectChangedError):
        put(b"not new", None)
    put(b"second", first)
    with pytest.raises(ObjectChangedError):
        put(b"late", first)
    assert objects.read_bytes(BUCKET, key) == b"second"
    objects.remove(BUCKET, {key: objects.head(BUCKET, key).etag})
    with pytest.raises(ObjectChangedError):
        put(b"of a removed one", first)


def test_should_remove_only_what_is_as_expected(objects: ObjectStore) -> None:
    for name in ("old", "new"):
        objects.write_bytes(name.encode(), BUCKET, f"removed/{name}", "text/plain")
    old = objects.head(BUCKET, "removed/old").etag
    objects.remove(BUCKET, {"removed/old": old, "removed/new": old, "removed/never-there": old})
    assert [each.source.key for each in objects.list_objects(BUCKET, "removed/")] == ["removed/new"]
    objects.remove(BUCKET, {})


@pytest.mark.parametrize("call", ["look", "head", "read_bytes"])
def test_should_say_that_there_is_no_such_object(objects: ObjectStore, call: str) -> None:
    with pytest.raises(ObjectNotFoundError):
        getattr(objects, call)(BUCKET, "uploads/never-there.mp4")


def test_should_have_no_metadata_where_none_was_given(objects: ObjectStore) -> None:
    objects.write_bytes(b"any", BUCKET, KEY, "video/mp4")
    found = objects.look(BUCKET, KEY)
    assert (found.source, found.metadata) == (objects.head(BUCKET, KEY), {})


@pytest.mark.cloud
@pytest.mark.usefixtures("cloud")
def test_should_read_what_an_uploader_asks_for_with_one_call() -> None:
    client = clients.s3("us-east-1")
    client.create_bucket(Bucket=BUCKET)
    asked = {"lifestream-language": "de", "Lifestream-Compute": "gpu", "other": "any"}
    client.put_object(Bucket=BUCKET, Key=KEY, Body=b"any", Metadata=asked)
    calls: list[str] = []
    client.meta.events.register("before-call", lambda model, **_: calls.append(model.name))
    found = S3ObjectStore(client).look(BUCKET, KEY)
    assert parse_options(found.metadata) == JobOptions(languages=("de",), compute=Compute.GPU)
    assert calls == ["HeadObject"]
    client.close()


def test_should_delete_everything_below_a_prefix(objects: ObjectStore) -> None:
    for key in ("deleted/any/a", "deleted/any/b/c", "deleted/other/a"):
        objects.write_bytes(b"any", BUCKET, key, "text/plain")
    assert objects.delete_below(BUCKET, "deleted/any/") == 2
    assert objects.delete_below(BUCKET, "deleted/any/") == 0
    assert objects.head(BUCKET, "deleted/other/a").size_bytes == 3
