"""Launcher: how ministack is changed, so that all changes read as one list.

`python -m local.emulator --patches` prints the list.
"""

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

from ministack.core.responses import error_response_json

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
_declared: defaultdict[str, list[Callable[[], object]]] = defaultdict(list)


def applied() -> tuple[Patch, ...]:
    """Return every change that was made in this process."""
    return tuple(_applied)


def patch(owner: Any, *names: str) -> Callable[[Replacement], Replacement]:
    """Declare what `around` does; `apply` does it, with all that a module declares."""

    def decorate(wrapper: Replacement) -> Replacement:
        _declared[wrapper.__module__].append(lambda: around(owner, *names)(wrapper))
        return wrapper

    return decorate


def apply(*modules: ModuleType) -> None:
    """Make the changes that modules declare, in this order."""
    for module in modules:
        for change in _declared[module.__name__]:
            change()


def around(owner: Any, *names: str) -> Callable[[Replacement], Replacement]:
    """Replace functions of ministack by the decorated one, whose first argument is the original.

    `owner` is a module, a class, or one of ministack's tables of handlers. Raises `AttributeError`
    or `KeyError` for a name that it does not have.
    """

    def decorate(wrapper: Replacement) -> Replacement:
        for name in names:
            if isinstance(owner, dict):
                handler = functools.partial(wrapper, owner[name])
                register(owner, [(name, handler)], wrapper.__module__)
            else:
                bound = _bound(wrapper, getattr(owner, name))
                replace(owner, name, bound, module=wrapper.__module__)
        return wrapper

    return decorate


def refusing(code: str) -> Callable[[Callable[..., str | None]], Replacement]:
    """Turn a function that returns why AWS refuses a call into one for `around` and `patch`."""

    def decorate(reason: Callable[..., str | None]) -> Replacement:
        @functools.wraps(reason)
        def answer(original: Replacement, *arguments: Any, **options: Any) -> Any:
            message = reason(*arguments, **options)
            return (
                error_response_json(code, message) if message else original(*arguments, **options)
            )

        return answer

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
