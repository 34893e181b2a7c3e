import threading
from pathlib import Path

import pytest

from scripts.setup import __main__ as setup
from scripts.setup.__main__ import models_and_web, side_by_side
from scripts.setup.virtualenvs import DEVELOPMENT, PROCESSOR, Environment

LONG_SECONDS = 120.0


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
    ran: list[tuple[Path, str, set[Environment]]] = []

    def environment(_cache: Path, wanted: Environment, *, sees: Path | None = None) -> Path:
        made.append(wanted)
        assert (sees is not None) == (wanted is DEVELOPMENT)
        return tmp_path / wanted.group

    def run_module(python: Path, _module: str, option: str, *_more: str) -> None:
        ran.append((python, option, set(made)))

    monkeypatch.setattr(setup, "environment", environment)
    monkeypatch.setattr(setup, "run_module", run_module)
    monkeypatch.setattr(setup, "web", lambda *_, **__: None)
    installer = tmp_path / "installer" / "python"
    models_and_web(tmp_path, installer, tmp_path / "processor", browser=False)
    (fetch, layout) = sorted(ran, key=lambda call: call[1])
    assert fetch[:2] == (installer, "--fetch")
    assert layout[:2] == (tmp_path / "dev" / "bin" / "python", "--into")
    assert layout[2] == {PROCESSOR, DEVELOPMENT}
