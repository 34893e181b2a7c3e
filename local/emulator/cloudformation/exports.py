"""Gap (1.5.33, upstream): an update may delete or change an export that another stack imports."""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import handlers, stacks

from local.emulator.patching import patch

Exports = Mapping[str, Mapping[str, str]]
Resolved = tuple[list[Mapping[str, Any]], Exports]


class ExportInUseError(ValueError):
    """Another stack imports what would be deleted or changed."""


def importers(export: str, exporting: str) -> list[str]:
    """Return the names of the other stacks that import an export."""
    return sorted(
        name
        for name, stack in cloudformation._stacks.items()
        if name != exporting
        and stack.get("StackStatus", "").endswith("_COMPLETE")
        and stack["StackStatus"] not in ("DELETE_COMPLETE", "ROLLBACK_COMPLETE")
        and export in handlers._imported_export_names(stack, name)
    )


@patch(stacks, "_resolve_stack_outputs")
def resolve(original: Callable[..., Resolved], *arguments: Any) -> Resolved:
    """Refuse it where a stack's outputs are resolved, which fails the update."""
    outputs, exports = original(*arguments)
    name, identifier = arguments[-2:]
    before = {
        key: export
        for key, export in cloudformation._exports.items()
        if export.get("StackId") == identifier
    }
    for key, export in before.items():
        kept = exports.get(key)
        if kept is not None and kept["Value"] == export["Value"]:
            continue
        if users := importers(key, name):
            done = "deleted" if kept is None else "updated"
            raise ExportInUseError(
                f"Export {key} cannot be {done} as it is in use by {' and '.join(users)}"
            )
    return outputs, exports
