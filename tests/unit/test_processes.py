"""Tests in several processes: what is made once for all of them, and what stays in one."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.scheduling import SHARE_A_DEPLOYMENT, together
from tests.sharing import made_once

TESTS = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Process:
    folder: Path

    def getbasetemp(self) -> Path:
        return self.folder


@pytest.fixture
def process(tmp_path: Path) -> Process:
    (tmp_path / "process").mkdir()
    return Process(tmp_path / "process")


def test_should_make_once(process: Process) -> None:
    made = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "content").write_text("any")

    first, second = (made_once(process, "any", make) for _ in range(2))
    assert [first] == [second] == made
    assert (first / "content").read_text() == "any"


def test_should_start_anew_after_a_failure(process: Process) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        made_once(process, "any", fail)
    folder = made_once(process, "any", lambda folder: (folder / "whole").touch())
    assert [path.name for path in folder.iterdir()] == ["whole"]


def test_should_share_with_the_other_processes(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    assert made_once(process, "any", lambda _: None).parent == process.folder.parent


def test_should_stay_by_itself_where_there_are_no_others(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    assert made_once(process, "any", lambda _: None).parent == process.folder


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        ("tests/unit/any/test_any.py::test_any[a/b::c]", "tests/unit/any/test_any.py"),
        ("tests/e2e/test_any.py::test_any", "tests/e2e/test_any.py"),
        ("tests/e2e/deployed/test_any.py::test_any[1]", "tests/e2e/deployed"),
        ("tests/integration/any/test_any.py::test_any", "tests/integration/any"),
    ],
)
def test_should_keep_together_what_shares_a_deployment(nodeid: str, expected: str) -> None:
    assert together(nodeid) == expected


def test_should_know_folders_that_there_are() -> None:
    assert all((TESTS.parent / folder).is_dir() for folder in SHARE_A_DEPLOYMENT)
