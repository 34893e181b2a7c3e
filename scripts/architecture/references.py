"""Resolves what a template's value refers to: references, imports of exports, names."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cdk.assembly import StackTemplate


@dataclass(frozen=True, slots=True, order=True)
class ResourceKey:
    """A resource of an environment: its stack's name and its logical id."""

    stack: str
    logical_id: str


class References:
    """All references of an environment's `resources`; `name_of`: the name property of each type."""

    def __init__(self, stacks: Sequence[StackTemplate], name_of: Mapping[str, str]) -> None:
        self.resources: dict[ResourceKey, Mapping[str, Any]] = {
            ResourceKey(stack.name, logical_id): resource
            for stack in stacks
            for logical_id, resource in stack.template["Resources"].items()
        }
        self._exports = {
            output["Export"]["Name"]: (stack.name, output["Value"])
            for stack in stacks
            for output in stack.template.get("Outputs", {}).values()
            if "Export" in output
        }
        self._named = {
            text(resource["Properties"][name_of[resource["Type"]]]): key
            for key, resource in self.resources.items()
            if name_of.get(resource["Type"]) in resource.get("Properties", {})
        }

    def of(self, stack: str, value: Any) -> list[ResourceKey]:
        """Return the resources that a value of a stack refers to, each once, in order."""
        return list(dict.fromkeys(self._found(stack, value)))

    def _found(self, stack: str, value: Any) -> Iterator[ResourceKey]:
        match value:
            case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), _]}:
                if ResourceKey(stack, name) in self.resources:
                    yield ResourceKey(stack, name)
            case {"Fn::ImportValue": str(name)}:
                yield from self._found(*self._exports[name])
            case {"Fn::Join": [_, list(parts)]}:
                yield from self._spoken_of(text(value))
                yield from self._found(stack, parts)
            case dict():
                yield from self._found(stack, list(value.values()))
            case list():
                for item in value:
                    yield from self._found(stack, item)
            case str():
                yield from self._spoken_of(value)

    def _spoken_of(self, spoken: str) -> Iterator[ResourceKey]:
        for part in re.split("[:/]", spoken):
            if part in self._named:
                yield self._named[part]


def text(value: Any) -> str:
    """Return a value as text, pseudo parameters and references in braces."""
    match value:
        case {"Fn::Join": [separator, list(parts)]}:
            return str(separator).join(text(part) for part in parts)
        case {"Ref": name}:
            return f"{{{str(name).removeprefix('AWS::')}}}"
        case dict():
            return "{...}"
    return str(value)


def reached(properties: Any, path: str) -> Any:
    """Return what a dotted path leads to, or None.

    In a list it leads to all its items, in a list of tags to the tag of that name.
    """
    found = properties
    for step in path.split(".") if path else ():
        if isinstance(found, list):
            tags = [item["Value"] for item in found if item.get("Key") == step]
            found = tags[0] if tags else [item[step] for item in found if step in item] or None
        elif isinstance(found, Mapping):
            found = found.get(step)
        else:
            return None
    return found
