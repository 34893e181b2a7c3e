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

    def moved(self, x: float, y: float) -> "Rectangle":
        """Return the same further to the right and further down."""
        return Rectangle(x=self.x + x, y=self.y + y, width=self.width, height=self.height)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An arrow's corners, from its beginning to its end, and where its label stands."""

    arrow: Arrow
    corners: tuple[tuple[float, float], ...]
    label: Rectangle

    def moved(self, x: float, y: float) -> "Route":
        """Return the same further to the right and further down."""
        corners = tuple((across + x, down + y) for across, down in self.corners)
        return Route(arrow=self.arrow, corners=corners, label=self.label.moved(x, y))


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where all of a graph goes; groups and boxes by their names."""

    width: float
    height: float
    groups: Mapping[str, Rectangle]
    boxes: Mapping[str, Rectangle]
    routes: tuple[Route, ...]

    def moved(self, x: float, y: float) -> "Layout":
        """Return the same further to the right and further down."""
        return Layout(
            width=self.width + x,
            height=self.height + y,
            groups={name: place.moved(x, y) for name, place in self.groups.items()},
            boxes={name: place.moved(x, y) for name, place in self.boxes.items()},
            routes=tuple(route.moved(x, y) for route in self.routes),
        )
