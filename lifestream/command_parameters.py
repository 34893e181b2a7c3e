"""Parameters of commands that Typer reads: shared by several, or from a table."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any

Command = Callable[..., Any]


def provided(
    name: str, *more: str, by: Callable[..., AbstractContextManager[Any]]
) -> Callable[[Command], Command]:
    """Return a decorator that replaces a command's parameters by the options of `by`.

    The command runs in the context that `by` returns, with its value as the parameter; of several
    parameters, each has its own of a tuple.
    """
    options = [
        each.replace(kind=Parameter.KEYWORD_ONLY) for each in signature(by).parameters.values()
    ]
    names = {each.name for each in options}

    def decorate(function: Command) -> Command:
        @wraps(function)
        def command(**given: Any) -> Any:
            chosen = {key: value for key, value in given.items() if key in names}
            others = {key: value for key, value in given.items() if key not in names}
            with by(**chosen) as value:
                values = value if more else (value,)
                return function(**dict(zip((name, *more), values, strict=True)), **others)

        replaced = {name, *more}
        own = [
            each for each in signature(function).parameters.values() if each.name not in replaced
        ]
        return _declared(command, [*own, *options])

    return decorate


def spread(function: Command, arguments: Mapping[str, Any]) -> Command:
    """Return a command with these arguments, by name and type, in place of `function`'s `**`."""

    @wraps(function)
    def command(**given: Any) -> Any:
        return function(**given)

    own = signature(function).parameters.values()
    named = [
        Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation)
        for name, annotation in arguments.items()
    ]
    return _declared(
        command,
        [
            *(each for each in own if each.kind is Parameter.POSITIONAL_OR_KEYWORD),
            *named,
            *(each for each in own if each.kind is Parameter.KEYWORD_ONLY),
        ],
    )


def _declared(command: Command, parameters: list[Parameter]) -> Command:
    # Typer reads both.
    command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command
