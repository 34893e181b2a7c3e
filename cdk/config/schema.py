"""The JSON Schema of a file of settings, and what is allowed in a setting, in words."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from cdk.config.settings import Settings

Schema = Mapping[str, Any]


class _TomlSchema(GenerateJsonSchema):
    """TOML has no null: an optional setting is left out."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])


@cache
def schema_of(kind: type[Settings]) -> Schema:
    """Return the JSON Schema of a file, without references; `allowed` and `why` are ours."""
    schema = kind.model_json_schema(schema_generator=_TomlSchema)
    found: Schema = _inlined(schema, schema.get("$defs", {}))
    return found


def editor_schema(kind: type[Settings]) -> Schema:
    """Return the JSON Schema of a file as editors show it: descriptions say what is allowed."""
    return {"$schema": GenerateJsonSchema.schema_dialect, **_shown(schema_of(kind))}


def _shown(schema: Schema) -> dict[str, Any]:
    shown = {key: value for key, value in schema.items() if key not in {"allowed", "why"}}
    if "items" in schema:
        shown["items"] = _shown(schema["items"])
    if "properties" in schema:
        shown["properties"] = {
            key: _shown(each)
            if "properties" in each
            else _shown(each)
            | {"description": f"{each['description']} Allowed is {allowed_in(key, schema)}."}
            for key, each in schema["properties"].items()
        }
    return shown


def _inlined(node: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inlined(each, definitions) for each in node]
    if not isinstance(node, dict):
        return node
    target = definitions[node["$ref"].rpartition("/")[2]] if "$ref" in node else {}
    inlined = {
        key: _inlined(value, definitions)
        for key, value in {**target, **node}.items()
        if key not in {"$ref", "$defs", "title"}
    }
    if "description" in inlined:
        paragraphs = inlined["description"].split("\n\n")
        inlined["description"] = "\n\n".join(" ".join(p.split()) for p in paragraphs)
    return inlined


def allowed_in(key: str, table: Schema) -> str:
    """Return what is allowed in a setting of a table; it completes "allowed is ..."."""
    schema = table["properties"][key]
    reasons = ["or left out"] * (key not in table.get("required", ())) + [schema.get("why", "")]
    reason = ": ".join(filter(None, reasons))
    return _words(schema) + (f" ({reason})" if reason else "")


def _words(schema: Schema) -> str:
    match schema:
        case {"allowed": str(words)}:
            return words
        case {"enum": choices}:
            return f"one of {', '.join(map(str, choices))}"
        case {"type": "boolean"}:
            return "true or false"
        case {"type": "array", "items": item, "maxItems": most}:
            return f"a list of {schema.get('minItems', 0)} to {most}, each once: {_words(item)}"
        case {"minimum": low, "maximum": high}:
            return f"a whole number from {low} to {high}"
    raise ValueError(f"no words for what is allowed by {schema}")
