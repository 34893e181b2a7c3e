"""The page of settings says what the settings say of themselves."""

import pytest

from cdk.config.environment import TABLES
from cdk.config.page import MARK, PAGE, written
from cdk.config.settings import about, settings_of


def test_should_be_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert page == written(page), "run: make snapshots"


def test_should_explain_every_setting() -> None:
    page = PAGE.read_text(encoding="utf-8")

    for name, kind in TABLES.items():
        assert f"### [{name}]" in page
        for key, item in settings_of(kind).items():
            assert f"| `{key}`" in page
            assert len(about(item)) > 3


def test_should_refuse_a_page_without_its_mark() -> None:
    with pytest.raises(ValueError, match="has no line"):
        written("# Environments\n")


def test_should_keep_what_people_wrote() -> None:
    assert written(f"# Ours\n{MARK}old").startswith(f"# Ours\n{MARK}\n### Above all tables")
