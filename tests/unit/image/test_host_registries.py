from pathlib import Path

from image.host_registries import local_folders


def test_should_mount_folders_of_wheels_and_whole_local_indexes(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    (tmp_path / "index" / "simple").mkdir(parents=True)
    values = [f"{tmp_path}/wheels", f"file://{tmp_path}/index/simple https://example.org/simple"]
    assert local_folders(values) == [tmp_path / "wheels", tmp_path / "index"]


def test_should_ignore_what_is_not_there(tmp_path: Path) -> None:
    assert local_folders([f"{tmp_path}/nowhere", "180"]) == []
