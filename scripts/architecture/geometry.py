"""Where things are in a picture, in user units from its top left corner."""

from collections.abc import Mapping
from dataclasses import dataclass

from scripts.architecture.graph import Arrow


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectangle:
    """A place for something with an area."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An arrow's corners, from its beginning to its end, and where its label stands."""

    arrow: Arrow
    corners: tuple[tuple[float, float], ...]
    label: Rectangle


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where all of a graph goes; groups and boxes by their names."""

    width: float
    height: float
    groups: Mapping[str, Rectangle]
    boxes: Mapping[str, Rectangle]
    routes: tuple[Route, ...]
