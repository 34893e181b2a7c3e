import os
from pathlib import Path

from scripts.typecheck import SECONDS_OF_A_DAY, keep, start_from

NOW = 1_700_000_000.0


def filled(folder: Path, content: str, *, at: float = NOW) -> Path:
    file = folder / "3.11" / "cache.db"
    file.parent.mkdir(parents=True)
    file.write_text(content)
    os.utime(file, (at, at))
    return folder


def content(folder: Path) -> str:
    return (folder / "3.11" / "cache.db").read_text()


def test_should_start_from_what_was_kept(tmp_path: Path) -> None:
    start_from(filled(tmp_path / "kept", "libraries"), tmp_path / "checkout")
    assert content(tmp_path / "checkout") == "libraries"


def test_should_start_from_nothing_where_nothing_was_kept(tmp_path: Path) -> None:
    start_from(tmp_path / "kept", tmp_path / "checkout")
    assert not (tmp_path / "checkout").exists()


def test_should_keep_the_first(tmp_path: Path) -> None:
    keep(filled(tmp_path / "checkout", "first"), tmp_path / "kept")
    assert content(tmp_path / "kept") == "first"
    assert content(tmp_path / "checkout") == "first"


def test_should_keep_nothing_new_within_a_day(tmp_path: Path) -> None:
    kept = filled(tmp_path / "kept", "old")
    keep(filled(tmp_path / "checkout", "new", at=NOW + SECONDS_OF_A_DAY - 1), kept)
    assert content(kept) == "old"


def test_should_keep_what_is_a_day_newer_instead_of_what_was(tmp_path: Path) -> None:
    kept = filled(tmp_path / "kept", "old")
    filled(tmp_path / "kept.new", "left by a copy that was cut short")
    keep(filled(tmp_path / "checkout", "new", at=NOW + SECONDS_OF_A_DAY), kept)
    assert content(kept) == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkout", "kept"]
