"""The pages that alarms lead to: whole, listed, and true of commands and log lines."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from lifestream import command_line
from lifestream.cli import app
from lifestream.session import Session
from tests.infra.alarms import PAGES, RUNBOOKS
from tests.infra.conftest import ROOT


class ParsedError(Exception):
    """The command line was read, and the command began."""


SECTIONS = ["Meaning", "Check", "Fix", "Resolved when"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_should_have_the_four_sections(
    page: Path,
) -> None:
    text = page.read_text()

    assert text.startswith(f"# {page.stem}: ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_should_give_commands_that_there_are(page: Path) -> None:
    def parsed() -> NoReturn:
        raise ParsedError

    for command in commands(page.read_text()):
        with pytest.raises(ParsedError):
            command_line.run(app, command, session=Session(connect=parsed))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_should_name_log_actions_that_are_written(page: Path) -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "runtime").rglob("*.py"))

    for action in re.findall(r'\$\.action = "([^"]+)"', page.read_text()):
        assert f'"{action}"' in code


@pytest.mark.parametrize("page", [*PAGES, RUNBOOKS / "README.md"], ids=lambda page: page.stem)
def test_should_link_to_pages_that_there_are(page: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        assert (RUNBOOKS / link).is_file(), link


def test_should_list_every_page() -> None:
    listed = re.findall(
        r"^\| \[[\w-]+\]\(([\w-]+)\.md\)", (RUNBOOKS / "README.md").read_text(), re.MULTILINE
    )

    assert listed == [page.stem for page in PAGES]


def commands(text: str) -> Iterator[list[str]]:
    """Yield the arguments of each command of ours in a page."""
    for command in re.findall(r"python -m lifestream ([^`\n]+)", text):
        yield shlex.split(command)
