"""The content of environment files, right but for what a test changes."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from cdk.config import ConfigError, parse_environment
from tests.infra.gpu import private

ROOT = Path(__file__).resolve().parents[3]
WHERE = "environments/any.toml"


def document() -> dict[str, Any]:
    """Return a right file's content, with which every other setting can be tried."""
    return tomllib.loads(private((ROOT / "environments" / "dev.toml").read_text()))


def changed(key: str, value: Any) -> dict[str, Any]:
    """Return a right file's content but for one setting, given by dotted key."""
    return changed_all({key: value})


def changed_all(changes: dict[str, Any]) -> dict[str, Any]:
    """Return a right file's content but for some settings; those that are None are left out."""
    content = document()
    for key, value in changes.items():
        section, _, last = key.rpartition(".")
        table = content.setdefault(section, {}) if section else content
        table[last] = value
        if value is None:
            del table[last]
    return content


def problems(content: dict[str, Any], name: str = "any") -> tuple[str, ...]:
    with pytest.raises(ConfigError) as refusal:
        parse_environment(name, content, where=WHERE)
    return refusal.value.problems
