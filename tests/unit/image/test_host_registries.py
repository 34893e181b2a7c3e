from pathlib import Path

import pytest

from image import host_registries
from image.host_registries import local_folders, mounts


def test_should_mount_folders_of_wheels_and_whole_local_indexes(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    (tmp_path / "index" / "simple").mkdir(parents=True)
    values = [f"{tmp_path}/wheels", f"file://{tmp_path}/index/simple https://example.org/simple"]
    assert local_folders(values) == [tmp_path / "wheels", tmp_path / "index"]


def test_should_ignore_what_is_not_there(tmp_path: Path) -> None:
    assert local_folders([f"{tmp_path}/nowhere", "180"]) == []


def test_should_leave_constraint_files_out_of_a_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"constraint": f"{tmp_path}/constraints.txt", "timeout": "180"}
    monkeypatch.setattr(host_registries, "pip_settings", lambda: given)
    (settings, _), *_rest = mounts(tmp_path)
    assert settings.read_text() == "[global]\ntimeout = 180\n"
