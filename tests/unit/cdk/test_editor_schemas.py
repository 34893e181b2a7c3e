"""Editors get a JSON Schema that accepts our files and marks most mistakes where they are typed."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cdk.config.__main__ import SCHEMAS, generated
from tests.unit.cdk.bad_settings import BY_THEMSELVES
from tests.unit.cdk.documents import ROOT, changed, document

ENVIRONMENT_SCHEMA = ROOT / "environments" / "environment.schema.json"
FILES = [*sorted((ROOT / "environments").glob("*.toml")), ROOT / "promotion.toml"]

BEYOND_A_SCHEMA = [
    ("network.cidr", "10.20.0.1/16"),
    ("network.cidr", "8.8.0.0/16"),
    ("network.zones", 2.0),
    ("processor.cpu", 4096.0),
]
"""What a pattern cannot say of addresses; and to JSON a float that is whole is an integer."""


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_should_be_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == generated()[path], "run: make snapshots"


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_should_be_valid_schemas(path: Path) -> None:
    Draft202012Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_should_accept_our_files_by_the_schema_that_they_name(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    hint, _, schema = text.splitlines()[0].partition(" ")

    assert hint == "#:schema"
    assert (path.parent / schema).resolve() in SCHEMAS
    assert not mistakes(path.parent / schema, tomllib.loads(text))


@pytest.mark.parametrize(("key", "value", "_"), BY_THEMSELVES)
def test_should_mark_a_value_that_is_wrong_by_itself(key: str, value: Any, _: str) -> None:
    marked = mistakes(ENVIRONMENT_SCHEMA, changed(key, value))

    assert bool(marked) == ((key, value) not in BEYOND_A_SCHEMA)


@pytest.mark.parametrize("key", ["name", "regoin", "network.zone"])
def test_should_mark_a_setting_that_does_not_exist(key: str) -> None:
    assert mistakes(ENVIRONMENT_SCHEMA, changed(key, "any"))


def test_should_mark_a_missing_table_and_do_without_an_optional_one() -> None:
    content = document()

    del content["pool"]
    assert not mistakes(ENVIRONMENT_SCHEMA, content)

    del content["queue"]
    assert mistakes(ENVIRONMENT_SCHEMA, content)


def mistakes(schema: Path, content: dict[str, Any]) -> list[str]:
    validator = Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))
    return [error.message for error in validator.iter_errors(content)]
