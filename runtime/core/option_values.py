"""Reads option values by their JSON Schema, from texts of metadata and from JSON documents."""

import re
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]


class BadValueError(ValueError):
    """A value does not fit its schema: what was given, and what is allowed."""

    def __init__(self, given: object, allowed: str) -> None:
        self.allowed = allowed
        super().__init__(f"{given!r}, not {allowed}")


def value_of_text(text: str, schema: Schema) -> Any:
    """Return the value that a text stands for; raise `BadValueError`.

    A list is separated by commas, without empty and repeated items.
    """
    if "enum" in schema:
        return _checked(text.lower(), schema)
    match schema["type"]:
        case "array":
            parts = (part.strip() for part in text.split(","))
            return _checked([*dict.fromkeys(part for part in parts if part)], schema)
        case "integer":
            is_whole = text.isascii() and text.isdecimal()
            try:
                return _checked(int(text) if is_whole else None, schema)
            except BadValueError as error:
                raise BadValueError(text, error.allowed) from error
        case _:
            return _checked(text.lower() if "pattern" in schema else text, schema)


def value_of_json(value: Any, schema: Schema) -> Any:
    """Return the value of a JSON document; a text may stand for a list. Raise `BadValueError`."""
    if isinstance(value, str) and schema.get("type") == "array":
        return value_of_text(value, schema)
    return _checked(value, schema)


def text_of_value(value: Any) -> str:
    """Return the text of a value in metadata."""
    return ",".join(str(item) for item in value) if isinstance(value, list | tuple) else str(value)


def _checked(value: Any, schema: Schema) -> Any:
    allowed = schema.get("x-allowed", "")
    if "enum" in schema:
        if value not in schema["enum"]:
            raise BadValueError(value, allowed or f"one of {', '.join(schema['enum'])}")
        return value
    match schema["type"]:
        case "array":
            return _checked_list(value, schema)
        case "integer":
            lowest, highest = schema["minimum"], schema["maximum"]
            if type(value) is not int or not lowest <= value <= highest:
                raise BadValueError(value, f"a whole number from {lowest} to {highest}")
            return value
        case _:
            longest = schema["maxLength"]
            if not isinstance(value, str):
                raise BadValueError(value, "text")
            if len(value) > longest or not value.isprintable():
                said = f"printable text of at most {longest} characters"
                raise BadValueError(value[:longest], said)
            if "pattern" in schema and not re.search(schema["pattern"], value):
                raise BadValueError(value, allowed or f"of the form {schema['pattern']}")
            return value


def _checked_list(value: Any, schema: Schema) -> list[Any]:
    if not isinstance(value, list):
        raise BadValueError(value, "a list")
    items = [
        value_of_text(item, schema["items"]) if isinstance(item, str) else item for item in value
    ]
    for item in items:
        _checked(item, schema["items"])
    if len(items) > schema["maxItems"]:
        raise BadValueError(f"{len(items)} terms", f"at most {schema['maxItems']} of them")
    return items
