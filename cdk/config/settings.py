"""How a setting is declared: the rule for its value, and what it is, on the field itself."""

from dataclasses import Field, field, fields
from typing import Any

from cdk.config.rules import Rule

_RULE, _ABOUT, _TABLE = "rule", "about", "table"


def setting(rule: Rule, about: str, *, optional: bool = False) -> Any:
    """Declare a setting; `about` is what docs/environments.md says of it. Left out, it is None."""
    metadata = {_RULE: rule, _ABOUT: about}
    return field(default=None, metadata=metadata) if optional else field(metadata=metadata)


def table(kind: type[Any]) -> dict[str, Any]:
    """Return the metadata of a field that is a table of settings; its default may be None."""
    return {_TABLE: kind}


def settings_of(kind: type[Any]) -> dict[str, Field[Any]]:
    """Return the settings of a class by name, without its tables."""
    return {item.name: item for item in fields(kind) if _RULE in item.metadata}


def tables_of(kind: type[Any]) -> dict[str, type[Any]]:
    """Return the classes of a class's tables by name."""
    return {item.name: item.metadata[_TABLE] for item in fields(kind) if _TABLE in item.metadata}


def rule_of(item: Field[Any]) -> Rule:
    """Return a setting's rule."""
    rule: Rule = item.metadata[_RULE]
    return rule


def about(item: Field[Any]) -> str:
    """Return what a setting is."""
    text: str = item.metadata[_ABOUT]
    return text


def is_optional(item: Field[Any]) -> bool:
    """Tell whether a setting or a table may be left out."""
    return item.default is None
