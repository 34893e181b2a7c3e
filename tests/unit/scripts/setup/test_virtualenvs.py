import os
from pathlib import Path

from scripts.setup.virtualenvs import UNUSED_SECONDS, forget_unused

NOW = 1_800_000_000.0


def made(cache: Path, name: str, *, used_ago: float | None) -> Path:
    home = cache / "venv" / name
    home.mkdir(parents=True)
    if used_ago is not None:
        (home / ".complete").touch()
        os.utime(home / ".complete", (NOW - used_ago, NOW - used_ago))
    return home


def test_should_forget_what_no_one_has_used_for_a_month(tmp_path: Path) -> None:
    old = made(tmp_path, "dev-old", used_ago=UNUSED_SECONDS + 1)
    used = made(tmp_path, "dev-used", used_ago=UNUSED_SECONDS - 1)
    forget_unused(tmp_path, NOW)
    assert not old.exists()
    assert used.exists()


def test_should_leave_what_is_in_the_making(tmp_path: Path) -> None:
    unfinished = made(tmp_path, "dev-new", used_ago=None)
    forget_unused(tmp_path, NOW)
    assert unfinished.exists()
