"""The page of settings says what the settings say of themselves."""

import pytest

from cdk.config.__main__ import generated
from cdk.config.environment import EnvironmentConfig
from cdk.config.page import MARK, PAGE, written
from cdk.config.schema import schema_of


def test_should_be_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == generated()[PAGE], "run: make snapshots"


def test_should_explain_every_setting() -> None:
    sections = PAGE.read_text(encoding="utf-8").partition(MARK)[2].split("\n### ")

    for name, table in schema_of(EnvironmentConfig)["properties"].items():
        if "properties" in table:
            (section,) = [each for each in sections if each.startswith(f"[{name}]")]
            for key, setting in table["properties"].items():
                assert f"| `{key}`" in section
                assert len(setting["description"]) > 3


def test_should_refuse_a_page_without_its_mark() -> None:
    with pytest.raises(ValueError, match="has no line"):
        written("# Environments\n")


def test_should_keep_what_people_wrote() -> None:
    assert written(f"# Ours\n{MARK}old").startswith(f"# Ours\n{MARK}\n### Above all tables")
