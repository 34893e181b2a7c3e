"""Launcher: how ministack is changed, so that all changes read as one list.

`python -m local.emulator --patches` prints the list.
"""

import functools
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

Replacement = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Patch:
    """One change: the name of what is changed, and the module of this project that does it."""

    target: str
    module: str

    @property
    def gap(self) -> str:
        """The gap that it closes, with version and where the change belongs, in one line."""
        return (import_module(self.module).__doc__ or "").splitlines()[0]


_applied: list[Patch] = []


def applied() -> tuple[Patch, ...]:
    """Return every change that was made in this process."""
    return tuple(_applied)


def around(owner: Any, *names: str) -> Callable[[Replacement], Replacement]:
    """Replace functions of ministack by the decorated one, whose first argument is the original.

    Raises `AttributeError` for a name that ministack does not have.
    """

    def decorate(wrapper: Replacement) -> Replacement:
        for name in names:
            original = getattr(owner, name)
            replace(owner, name, _bound(wrapper, original), module=wrapper.__module__)
        return wrapper

    return decorate


def replace(owner: Any, name: str, replacement: Any, *, module: str = "") -> None:
    """Replace a name of ministack whatever it stands for."""
    getattr(owner, name)
    setattr(owner, name, replacement)
    _record(f"{owner.__name__.removeprefix('ministack.')}.{name}", module or replacement.__module__)


def register(
    table: MutableMapping[str, Any], handlers: Iterable[tuple[str, Any]], module: str
) -> None:
    """Register plain handlers by name, such as API calls, services or resource types."""
    for name, handler in handlers:
        table[name] = handler
        _record(name, module)


def _bound(wrapper: Replacement, original: Any) -> Replacement:
    @functools.wraps(original)
    def replacement(*arguments: Any, **options: Any) -> Any:
        return wrapper(original, *arguments, **options)

    return replacement


def _record(target: str, module: str) -> None:
    _applied.append(Patch(target, module))
