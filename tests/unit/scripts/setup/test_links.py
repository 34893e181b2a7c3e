"""Links into the cache folder, which other processes use and make at the same time."""

from pathlib import Path

import pytest

from scripts.setup.commands import point


def test_should_lead_where_it_was_pointed_last(tmp_path: Path) -> None:
    link = tmp_path / "any" / "link"
    for name in ("first", "second", "second"):
        point(link, tmp_path / name)
        assert link.readlink() == tmp_path / name
    assert list(link.parent.iterdir()) == [link]


def test_should_make_a_link_that_another_process_makes_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, target = tmp_path / "link", tmp_path / "target"
    symlink_to = Path.symlink_to

    def both(self: Path, to: Path) -> None:
        if not link.is_symlink():
            symlink_to(link, to)
        symlink_to(self, to)

    monkeypatch.setattr(Path, "symlink_to", both)
    point(link, target)
    assert link.readlink() == target
