import threading
from pathlib import Path

import pytest

from scripts.setup import __main__ as setup
from scripts.setup.__main__ import processor_and_models, side_by_side
from scripts.setup.virtualenvs import PROCESSOR, Environment

LONG_SECONDS = 20.0


def test_should_run_steps_at_the_same_time() -> None:
    both = threading.Barrier(2)
    side_by_side(lambda: both.wait(LONG_SECONDS), lambda: both.wait(LONG_SECONDS))


def test_should_end_every_step_before_it_fails() -> None:
    failed = threading.Event()
    ended: list[bool] = []

    def fail() -> None:
        failed.set()
        raise SystemExit(3)

    with pytest.raises(SystemExit, match="3"):
        side_by_side(fail, lambda: ended.append(failed.wait(LONG_SECONDS)))
    assert ended == [True]


def test_should_export_networks_by_the_python_that_has_their_packages(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The installer's has pip and nothing else: every setup with an empty cache failed by it."""
    made: list[Environment] = []
    ran: list[tuple[Path, str]] = []

    def environment(_cache: Path, wanted: Environment) -> Path:
        made.append(wanted)
        return tmp_path / wanted.group

    monkeypatch.setattr(setup, "environment", environment)
    monkeypatch.setattr(setup, "run_module", lambda python, _m, *a: ran.append((python, a[0])))
    installer = tmp_path / "installer" / "python"
    processor_and_models(tmp_path, installer)
    assert made[0] is PROCESSOR
    assert ran == [(installer, "--fetch"), (tmp_path / "processor" / "bin" / "python", "--into")]
