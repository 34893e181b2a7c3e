"""The state to compare with: committed as accepted, or deployed."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from cdk.assembly import StackTemplate
from cdk.guard.stateful import Stacks, stateful
from runtime.core.contract import stack_prefix


class Templates(Protocol):
    """Reads deployed templates."""

    def stack_names(self) -> list[str]:
        """Return the names of the deployed stacks."""

    def template(self, stack: str) -> Any:
        """Return a deployed stack's template as it was submitted."""


def guarded(stacks: Iterable[StackTemplate]) -> dict[str, dict[str, Any]]:
    """Return the guarded resources of synthesized stacks, by stack and logical id."""
    return {stack.name: stateful(stack.template) for stack in stacks}


def read_baseline(folder: Path) -> dict[str, Stacks]:
    """Return the committed state of every environment that has one."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def write_baseline(folder: Path, environment: str, stacks: Stacks) -> Path:
    """Write an environment's state as the accepted one and return the file."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{environment}.json"
    kept = {name: resources for name, resources in stacks.items() if resources}
    path.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n")
    return path


def read_deployed(templates: Templates, environment: str, environments: Iterable[str]) -> Stacks:
    """Return an environment's deployed resources, also of stacks that the app no longer has.

    `environments` are the names of all: `lifestream-dev-` also begins the stacks of `dev-2`, and a
    stack belongs to the longest name that fits.
    """
    names = {environment, *environments}

    def owner(stack: str) -> str:
        return max((n for n in names if stack.startswith(stack_prefix(n))), key=len, default="")

    return {
        stack: stateful(templates.template(stack))
        for stack in sorted(templates.stack_names())
        if owner(stack) == environment
    }
