from dataclasses import replace
from pathlib import Path

import pytest

from local.deployed import copy_into
from runtime.core.contract import ResultFile
from runtime.core.ports import ObjectNotFoundError
from runtime.results.published import PublishedResults
from tests.fakes.objects import InMemoryObjectStore

NAMES = (ResultFile.MANIFEST, ResultFile.SUMMARY_JSON, "thumbnails/0.jpg", ResultFile.WAVEFORM)


class Watched(InMemoryObjectStore):
    """Notes at each read whether a manifest lies in the folder already."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.seen: list[bool] = []

    def read_bytes(self, bucket: str, key: str) -> bytes:
        self.seen.append((self.folder / ResultFile.MANIFEST).exists())
        return super().read_bytes(bucket, key)


@pytest.fixture
def results(tmp_path: Path) -> PublishedResults:
    store = Watched(tmp_path)
    for name in NAMES:
        store.put("any", name, b"any")
    return PublishedResults(
        bucket="any",
        job_id="any",
        result_key=ResultFile.SUMMARY_JSON,
        keys={name: name for name in NAMES},
        manifest=b"of the manifest",
        objects=store,
    )


def test_should_write_the_manifest_last(results: PublishedResults, tmp_path: Path) -> None:
    for _ in range(2):  # the second time over the first
        copy_into(tmp_path, results)
    assert isinstance(results.objects, Watched)
    assert results.objects.seen == [False] * 2 * (len(NAMES) - 1)
    found = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert found == set(NAMES)


def test_should_leave_no_manifest_where_a_file_is_missing(
    results: PublishedResults, tmp_path: Path
) -> None:
    copy_into(tmp_path, results)
    with pytest.raises(ObjectNotFoundError):
        copy_into(tmp_path, replace(results, keys={**results.keys, "gone": "gone"}))
    assert not (tmp_path / ResultFile.MANIFEST).exists()
