"""Pages are true where that can be told: made of these templates, naming what there is."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from scripts.cost.__main__ import PAGE, page
from tests.infra.conftest import ROOT
from tests.infra.templates import Deployment

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
