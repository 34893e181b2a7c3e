"""Helpers to extend ministack's CloudFormation: run something after a handler, or add a handler.

Handlers run on the emulator's event loop: an HTTP call to the emulator itself would deadlock, so
everything is done in-process.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services.cloudformation import provisioners

Properties = Mapping[str, Any]
Attributes = dict[str, Any]
Apply = Callable[[str, Properties], None]
Create = Callable[[str, Properties, str], tuple[str, Attributes]]
Delete = Callable[[str, Properties], None]


def after(resource_type: str, apply: Apply) -> None:
    """Call `apply(physical_id, properties)` after each create and update of a type."""
    handlers = dict(provisioners._RESOURCE_HANDLERS[resource_type])
    create: Create = handlers["create"]

    def created(logical_id: str, properties: Properties, stack: str) -> tuple[str, Attributes]:
        physical_id, attributes = create(logical_id, properties, stack)
        apply(physical_id, properties)
        return physical_id, attributes

    handlers["create"] = created
    if update := handlers.get("update"):

        def updated(
            physical_id: str, old: Properties, new: Properties, *more: Any, **options: Any
        ) -> tuple[str, Attributes]:
            new_id, attributes = update(physical_id, old, new, *more, **options)
            apply(new_id, new)
            return new_id, attributes

        handlers["update"] = updated
    provisioners._RESOURCE_HANDLERS[resource_type] = handlers


def add(resource_type: str, create: Create, delete: Delete) -> None:
    """Support a type: an update deletes what was and creates it anew under a new id."""

    def update(
        physical_id: str, old: Properties, new: Properties, stack: str
    ) -> tuple[str, Attributes]:
        delete(physical_id, old)
        return create(physical_id, new, stack)

    provisioners._RESOURCE_HANDLERS[resource_type] = {
        "create": create,
        "update": update,
        "delete": delete,
    }


def camel_case(value: Any) -> Any:
    """Return a template's `PascalCase` property keys, at every depth, as the APIs spell them."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: camel_case(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [camel_case(inner) for inner in value]
    return value


def is_true(value: Any) -> bool:
    """Read a template's boolean, which may be text."""
    return str(value).lower() == "true"
