"""A small run of the kill test: the successor publishes what an undisturbed job does."""

from pathlib import Path

import pytest

from chaos.kills.__main__ import app
from lifestream import command_line

pytestmark = pytest.mark.e2e


def test_should_publish_the_same_however_often_it_is_killed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--runs", "2", "--seed", "3", "--seconds", "14", "--folder", str(tmp_path)]
    assert command_line.run(app, arguments) == 0, capsys.readouterr().out
    closing = capsys.readouterr().out.rstrip().rpartition("\n")[2]
    assert closing.startswith("runs 2, kills ")
    assert not closing.startswith("runs 2, kills 0,")
    assert closing.endswith("rules broken 0")
