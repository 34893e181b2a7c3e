"""Which properties CloudFormation cannot change in place, from the providers' own schemas.

The schemas are those that AWS publishes for each resource type; cfn-lint ships them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

REGION = "us-east-1"
"""A region with every type; what replaces a resource is the same in all regions."""


@dataclass(frozen=True, slots=True)
class ImmutableProperty:
    """A property that cannot change in place: `always`, or only for some values."""

    path: tuple[str, ...]
    always: bool

    @property
    def name(self) -> str:
        """The property's dotted path."""
        return ".".join(self.path)


@cache
def immutable_properties(resource_type: str) -> tuple[ImmutableProperty, ...]:
    """Return the properties of a type whose change replaces the resource."""
    # Takes seconds, which only a changed property is worth.
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # noqa: PLC0415

    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, resource_type).schema
    found = [
        ImmutableProperty(path=tuple(pointer.strip("/").split("/")[1:]), always=always)
        for key, always in (
            ("createOnlyProperties", True),
            ("conditionalCreateOnlyProperties", False),
        )
        for pointer in schema.get(key) or ()
    ]
    # A property within an immutable one adds nothing.
    return tuple(
        each for each in found if not any(_within(each.path, other.path) for other in found)
    )


def changed_immutable_properties(
    resource_type: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[ImmutableProperty]:
    """Yield the fixed properties that differ between two versions of a resource's properties."""
    for fixed in immutable_properties(resource_type):
        if _at(before, fixed.path) != _at(after, fixed.path):
            yield fixed


def immutable_values(
    resource_type: str, properties: Mapping[str, Any]
) -> Iterator[tuple[ImmutableProperty, Any]]:
    """Yield the fixed properties that are set, with their values."""
    for fixed in immutable_properties(resource_type):
        value = _at(properties, fixed.path)
        if value not in (None, []):
            yield fixed, value


def _within(path: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return path != other and path[: len(other)] == other


def _at(value: Any, path: tuple[str, ...]) -> Any:
    """Return what lies at a path; `*` stands for every item of a list."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if step == "*":
        return [_at(item, rest) for item in value] if isinstance(value, list) else None
    return _at(value.get(step), rest) if isinstance(value, Mapping) else None
