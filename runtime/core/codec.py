"""Encodes the frozen dataclasses that stages exchange as JSON values, and decodes them by type."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints


class DecodeError(ValueError):
    """A JSON value does not have the shape of the type asked for."""


def encode(value: Any) -> Any:
    """Return the JSON value of dataclasses, tuples, strings, paths, numbers, booleans and None."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Path):
        return str(value)
    # Libraries return their own float types, which JSON does not know.
    return float(value)


def decode(kind: Any, value: Any) -> Any:
    """Return the value of type `kind` that `encode` made `value` from; raise `DecodeError`.

    `kind` is a dataclass, `tuple[X, ...]`, `X | None`, `str`, `bool`, `int`, `float`, a path or an
    enumeration of strings.
    """
    if isinstance(kind, type) and is_dataclass(kind):
        return _decode_dataclass(kind, value)
    if get_origin(kind) is tuple:
        return _decode_tuple(get_args(kind)[0], value)
    if isinstance(kind, UnionType):
        (member,) = (member for member in get_args(kind) if member is not NoneType)
        return None if value is None else decode(member, value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(kind, type) and issubclass(kind, Path | StrEnum):
        try:
            return kind(decode(str, value))
        except ValueError as error:
            raise DecodeError(str(error)) from error
    if type(value) is not kind:
        raise DecodeError(f"{value!r} is not a {kind}")
    return value


def _decode_tuple(item: Any, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise DecodeError(f"{type(value).__name__} is not a list")
    return tuple(decode(item, element) for element in value)


def _decode_dataclass(kind: type, value: Any) -> Any:
    hints = _types_of_fields(kind)
    if not isinstance(value, Mapping) or value.keys() != hints.keys():
        raise DecodeError(f"{value!r:.80} does not have the fields of {kind.__name__}")
    return kind(**{name: decode(hint, value[name]) for name, hint in hints.items()})


@cache
def _types_of_fields(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)
