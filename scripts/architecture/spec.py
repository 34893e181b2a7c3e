"""What is drawn and how it is labelled: `spec.toml`, typed."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

FILE = Path(__file__).with_name("spec.toml")


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PictureSpec(_Table):
    """A picture: of which environment, launched how, under which title, in which order."""

    environment: str
    title: str
    order: tuple[str, ...]
    launch: str | None = None
    types: tuple[str, ...] = ()
    stacks: tuple[str, ...] = ()
    stages: bool = False
    flat: bool = False


class BoxSpec(_Table):
    """How resources of a type are drawn."""

    kind: str
    family: str
    title: str | None = None
    less: tuple[str, ...] = ()
    note: str | None = None
    scale: Mapping[str, int] = {}
    name: str | None = None
    together: str | None = None
    each: str | None = None
    processes: bool = False


class ArrowSpec(_Table):
    """An arrow that a type declares, between what two of its properties name."""

    type: str
    label: str
    source: str = ""
    target: str = ""
    of: str | None = None
    fold: str | None = None
    beyond: int = 0


class GrantSpec(_Table):
    """An arrow that a granted action declares; `to_role` points it at the role."""

    label: str
    to_role: bool = False


class PeopleSpec(_Table):
    """PeopleSpec beside resources of a type: what they give to it and take from it."""

    title: str
    kind: str
    type: str
    having: str
    label: str
    gives: bool = False
    takes: bool = False


class DrawingSpec(_Table):
    """The whole file."""

    pictures: Mapping[str, PictureSpec]
    types: Mapping[str, BoxSpec]
    connections: tuple[ArrowSpec, ...]
    grants: Mapping[str, GrantSpec]
    people: tuple[PeopleSpec, ...]


@cache
def drawing_spec() -> DrawingSpec:
    """Return what the file says."""
    return DrawingSpec.model_validate(tomllib.loads(FILE.read_text()))
