from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from local import deploy_local, run
from local.commands import command_line
from local.emulator import __main__ as emulator

EMULATOR_OPTIONS = {"--port", "--state-dir", "--images", "--lambda-python", "--stop-with-parent"}


@pytest.mark.parametrize(
    ("main", "options"),
    [
        (run.main, {"--container", "--pool"}),
        (deploy_local.main, {"--enforce", "--once"}),
        (emulator.main, EMULATOR_OPTIONS),
    ],
)
def test_should_name_every_option(main: Callable[..., int], options: set[str]) -> None:
    ended = CliRunner().invoke(command_line(main), ["--help"])
    assert ended.exit_code == 0
    assert {option for option in options if option in ended.stdout} == options


def test_should_exit_with_2_for_a_wrong_command_line() -> None:
    ended = CliRunner().invoke(command_line(deploy_local.main), ["dev", "--nonsense"])
    assert (ended.exit_code, ended.stdout) == (2, "")


def test_should_exit_with_what_the_command_returns() -> None:
    ended = CliRunner().invoke(command_line(run.main), ["no-such-file.mp4"])
    assert ended.exit_code == 2
    assert "There is no file no-such-file.mp4" in ended.stdout
