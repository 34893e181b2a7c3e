"""What is wrong with a file of settings, a line each: what was given, what is allowed, where."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cdk.config.schema import allowed_in, schema_of
from cdk.config.settings import RULE_BROKEN, Settings

File = TypeVar("File", bound=Settings)


class ConfigError(Exception):
    """A file of settings is wrong. `problems` has one line each: given, allowed, where."""

    def __init__(self, problems: list[str]) -> None:
        """Keep the lines; the message shows them all."""
        super().__init__("\n".join(["The configuration cannot be used as it is:", *problems]))
        self.problems = tuple(problems)


def read_toml(path: Path, where: str) -> dict[str, Any]:
    """Return a file's content; raise `ConfigError` if it is missing or not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        problem = "there is no such file; create it or name another"
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problem = f"not a TOML file: {error}; correct it there"
    raise ConfigError([f"{where}: {problem}"])


def validated(kind: type[File], document: Mapping[str, Any], *, where: str, **known: Any) -> File:
    """Return a file's settings; raise `ConfigError` with every problem.

    `where` is the file as a person knows it; it starts each line. `known` are the fields of `kind`
    that no file may give.
    """
    problems = [
        f"{where}: {key} is not a setting; {kind.model_fields[key].description} is; remove it"
        for key in known.keys() & document.keys()
    ]
    given = {**document, **known}
    try:
        settings = kind.model_validate(given)
    except ValidationError as error:
        lines = [_problem(where, kind, given, each) for each in error.errors(include_url=False)]
        # Each wrong entry of a list is an error, and the list is one setting.
        raise ConfigError([*problems, *dict.fromkeys(lines)]) from None
    if problems:
        raise ConfigError(problems)
    return settings


def line(where: str, key: str, given: Any, allowed: str) -> str:
    """Return the line for a value that is not allowed: given, allowed, where to change it."""
    change = "rename the file" if key == "name" else f"change {key} in {where}"
    return f"{where}: {key} = {given!r}; allowed is {allowed}; {change}"


def _problem(where: str, kind: type[Settings], given: Any, error: ErrorDetails) -> str:
    key, name, table, schema = "", "", schema_of(kind), schema_of(kind)
    for part in error["loc"]:
        if isinstance(part, str):
            table, schema, name = schema, schema["properties"].get(part, {}), part
            key += part if not key or key.endswith(": ") else f".{part}"
            given = given.get(part)
        elif "properties" in schema["items"]:
            schema = schema["items"]
            key += f" {part + 1}: "
            given = given[part]
    if not key:
        return f"{where}: {error['msg']}"
    if error["type"] == RULE_BROKEN:
        return line(where, key, given, error["msg"])
    if error["type"] == "extra_forbidden":
        known = ", ".join(table["properties"])
        return f"{where}: {key} is not a setting; allowed here: {known}; correct or remove it"
    if "properties" in schema:
        return f"{where}: the table [{key.removesuffix(': ')}] is missing; add it"
    allowed = allowed_in(name, table)
    if error["type"] == "missing":
        return f"{where}: {key} is missing; allowed is {allowed}; add it"
    return line(where, key, given, allowed)
