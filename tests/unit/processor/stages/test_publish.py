import hashlib
import threading
from pathlib import Path

import pytest

from runtime.core.contract import result_prefix
from runtime.core.errors import Retryable
from runtime.core.jobs import Source
from runtime.processor.stages.publish import PARALLEL_UPLOADS, publish_folder
from tests.fakes.objects import InMemoryObjectStore

PATIENCE_SECONDS = 120.0


class Waiting(InMemoryObjectStore):
    """Answers uploads only once so many of them are waiting."""

    def __init__(self, together: int) -> None:
        super().__init__()
        self._gathered = threading.Barrier(together, timeout=PATIENCE_SECONDS)

    def upload(self, path: Path, bucket: str, key: str, content_type: str) -> None:
        self._gathered.wait()
        super().upload(path, bucket, key, content_type)


class Refusing(InMemoryObjectStore):
    """Fails on one file."""

    def upload(self, path: Path, bucket: str, key: str, content_type: str) -> None:
        if path.name == "scene-0003.webp":
            raise Retryable("aws.any", "S3 is not there.", "It is tried again.")
        super().upload(path, bucket, key, content_type)


def pictures(folder: Path, count: int) -> Path:
    (folder / "thumbnails").mkdir(parents=True)
    for number in range(count):
        (folder / "thumbnails" / f"scene-{number:04d}.webp").write_bytes(b"picture %d" % number)
    return folder


def test_should_tell_of_files_in_the_order_of_their_names(tmp_path: Path, source: Source) -> None:
    store, heard = Waiting(PARALLEL_UPLOADS), list[float]()
    folder = pictures(tmp_path / "made", 3 * PARALLEL_UPLOADS)
    published = publish_folder(folder, source, attempt=2, objects=store, on_progress=heard.append)
    names = [f"thumbnails/scene-{number:04d}.webp" for number in range(3 * PARALLEL_UPLOADS)]
    assert [file.name for file in published] == names
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    for file in published:
        stored = store.objects[
            source.bucket, result_prefix(source.job_id) + file.folder + file.name
        ]
        assert stored.content_type == "image/webp"
        assert hashlib.sha256(stored.data).hexdigest() == file.sha256
        assert len(stored.data) == file.size_bytes


def test_should_fail_as_one_of_its_uploads_does(tmp_path: Path, source: Source) -> None:
    with pytest.raises(Retryable, match="S3 is not there"):
        publish_folder(
            pictures(tmp_path / "made", 20),
            source,
            attempt=2,
            objects=Refusing(),
            on_progress=lambda _: None,
        )


def test_should_publish_nothing_of_an_empty_folder(tmp_path: Path, source: Source) -> None:
    store = InMemoryObjectStore()
    assert (
        publish_folder(tmp_path, source, attempt=2, objects=store, on_progress=lambda _: None) == ()
    )
    assert store.objects == {}


@pytest.fixture
def source() -> Source:
    return Source(bucket="any-bucket", key="uploads/any.mp4", etag="any-etag", size_bytes=1)
