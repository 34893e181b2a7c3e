"""Launcher: how resource types of ministack's CloudFormation are added and wrapped.

Handlers run on the emulator's event loop: an HTTP call to the emulator itself would deadlock, so
everything is done in-process.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ministack.services.cloudformation import provisioners

from local.emulator import patching

Properties = Mapping[str, Any]
Attributes = dict[str, Any]
Created = tuple[str, Attributes]
Apply = Callable[[str, Properties], None]
Create = Callable[[str, Properties, str], Created]
Update = Callable[[str, Properties, Properties, str], Created]
Delete = Callable[[str, Properties], None]


def add(resource_type: str, create: Create, delete: Delete, update: Update | None = None) -> None:
    """Support a type; without `update`, an update replaces the resource."""

    def replace(physical_id: str, old: Properties, new: Properties, stack: str) -> Created:
        delete(physical_id, old)
        return create(physical_id, new, stack)

    handlers = {"create": create, "update": update or replace, "delete": delete}
    _register(resource_type, handlers, create)


def wrap(
    resource_type: str, by: Callable[..., Any] | None = None, **wrappers: Callable[..., Any]
) -> None:
    """Wrap a type's `create`, `update` or `delete`; each gets the original as first argument.

    A wrapper of an update is left out where the type has none. `by` is a function of the module
    that wraps, if the wrappers are not its own.
    """
    handlers = dict(provisioners._RESOURCE_HANDLERS[resource_type])
    for name, wrapper in wrappers.items():
        if original := handlers.get(name):
            handlers[name] = partial(wrapper, original)
    _register(resource_type, handlers, by or next(iter(wrappers.values())))


def refuse(resource_type: str, reason: Callable[[Properties], str | None]) -> None:
    """Let a type's creation fail where there is a reason against it."""

    def create(original: Create, logical_id: str, properties: Properties, stack: str) -> Created:
        if message := reason(properties):
            raise ValueError(message)
        return original(logical_id, properties, stack)

    wrap(resource_type, reason, create=create)


def after(resource_type: str, apply: Apply) -> None:
    """Call `apply(physical_id, properties)` after each create and update of a type."""

    def changed(given: int) -> Callable[..., Created]:
        def change(original: Callable[..., Created], *arguments: Any, **options: Any) -> Created:
            physical_id, attributes = original(*arguments, **options)
            apply(physical_id, arguments[given])
            return physical_id, attributes

        return change

    # The properties are the second argument of a creation, the third of an update.
    wrap(resource_type, apply, create=changed(1), update=changed(2))


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


def require(response: tuple[int, Any, bytes], what: str) -> bytes:
    """Return the body of a service's response; raise `ValueError` for an error."""
    status, _, body = response
    if status >= 400:  # noqa: PLR2004 - the first status of an error
        raise ValueError(f"{what}: {body.decode()}")
    return body


def _register(resource_type: str, handlers: Mapping[str, Any], by: Callable[..., Any]) -> None:
    patching.register(provisioners._RESOURCE_HANDLERS, [(resource_type, handlers)], by.__module__)
