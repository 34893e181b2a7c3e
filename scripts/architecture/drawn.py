"""What is drawn, and how it is called: `drawn.toml`, typed."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("drawn.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureOf:
    """A picture: of which environment, launched how, under which title, in which order."""

    environment: str
    title: str
    order: tuple[str, ...]
    launch: str | None = None
    types: tuple[str, ...] = ()
    stacks: tuple[str, ...] = ()
    stages: bool = False
    flat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnType:
    """How resources of a type are drawn; the file says what each setting means."""

    kind: str
    family: str
    title: str | None = None
    less: tuple[str, ...] = ()
    note: str | None = None
    scale: Mapping[str, int] = field(default_factory=dict)
    name: str | None = None
    together: str | None = None
    each: str | None = None
    processes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """An arrow that a type declares, between what two of its properties name."""

    type: str
    label: str
    source: str
    target: str
    of: str | None
    fold: str | None
    beyond: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who stands outside, beside resources of a type: what they give to it and take from it."""

    title: str
    kind: str
    type: str
    having: str
    label: str
    gives: bool = False
    takes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """All of the file. `grants` are, by action, the arrow's label and whether it ends at a role."""

    pictures: Mapping[str, PictureOf]
    types: Mapping[str, DrawnType]
    connections: tuple[Connection, ...]
    grants: Mapping[str, tuple[str, bool]]
    people: tuple[People, ...]


@cache
def drawn() -> Drawn:
    """Return what the file says."""
    content = tomllib.loads(FILE.read_text())
    return Drawn(
        pictures={
            name: PictureOf(**_with_tuples(table)) for name, table in content["pictures"].items()
        },
        types={name: DrawnType(**_with_tuples(table)) for name, table in content["types"].items()},
        connections=tuple(
            Connection(
                type=table["type"],
                label=table["label"],
                source=table.get("from", ""),
                target=table.get("to", ""),
                of=table.get("of"),
                fold=table.get("fold"),
                beyond=table.get("beyond", 0),
            )
            for table in content["connections"]
        ),
        grants={
            action: (table["label"], table.get("to_role", False))
            for action, table in content["grants"].items()
        },
        people=tuple(People(**table) for table in content["people"]),
    )


def _with_tuples(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(v) if isinstance(v, list) else v for key, v in table.items()}
