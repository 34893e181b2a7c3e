from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from runtime.core.errors import LifestreamError, Permanent, Retryable
from runtime.processor.stages.fetch import fetch
from tests.fakes.objects import InMemoryObjectStore


class DiskUsage(NamedTuple):
    total: int
    used: int
    free: int


def test_should_bring_the_file_with_its_suffix_and_report_progress(tmp_path: Path) -> None:
    objects = InMemoryObjectStore()
    source = objects.put("any", "uploads/any name.mov", b"0123456789")
    seen: list[float] = []
    path = fetch(source, objects=objects, folder=tmp_path, on_progress=seen.append)
    assert (path.suffix, path.read_bytes()) == (".mov", b"0123456789")
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_should_bring_an_empty_file(tmp_path: Path) -> None:
    objects = InMemoryObjectStore()
    source = objects.put("any", "uploads/any.mp4", b"")
    path = fetch(source, objects=objects, folder=tmp_path, on_progress=lambda _: None)
    assert path.read_bytes() == b""


@pytest.mark.parametrize(
    ("total", "kind"), [(10**17, Permanent), (10**19, Retryable)], ids=["never", "on this machine"]
)
def test_should_refuse_what_does_not_fit_before_it_downloads(
    total: int, kind: type[LifestreamError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = InMemoryObjectStore()
    source = replace(objects.put("any", "uploads/any.mp4", b"any"), size_bytes=10**18)
    disk = DiskUsage(total=total, used=0, free=10**9)
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: disk)
    with pytest.raises(kind, match=r"worker\.disk_too_small"):
        fetch(source, objects=objects, folder=tmp_path, on_progress=lambda _: None)
    assert list(tmp_path.iterdir()) == []
