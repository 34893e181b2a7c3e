"""Documents match the code: generated parts, commands, links, and the forms they keep to."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from scripts.cost.__main__ import PAGE, page
from tests.infra.conftest import ROOT
from tests.infra.templates import Deployment

RECORDS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
RECORD_SECTIONS = ["Status", "Context", "Decision", "Consequences", "Alternatives"]
SCREEN_LINES = 60
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])


def test_should_find_the_cost_page_as_the_templates_make_it(
    deployments: Mapping[str, Deployment],
) -> None:
    made = page({name: list(each.stacks.values()) for name, each in deployments.items()})

    assert PAGE.read_text() == made, "run: make docs"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_should_name_commands_that_there_are(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()

    for target in re.findall(r"(?:^|`)make ([a-z-]+)", path.read_text(), re.MULTILINE):
        assert f"\n{target}:" in makefile, target


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_should_link_to_what_there_is(path: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
        assert (path.parent / link).exists(), link


def test_should_number_decision_records_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in RECORDS]

    assert numbers == list(range(1, len(RECORDS) + 1))


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_should_write_decision_records_by_the_template(path: Path) -> None:
    text = path.read_text()

    assert text.startswith(f"# {path.name[:4]}: ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == RECORD_SECTIONS


def test_should_keep_the_readme_to_one_screen() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= SCREEN_LINES
