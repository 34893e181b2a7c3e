"""Lays a graph out: what is connected by ELK, the parts that are not in rows below each other."""

from collections.abc import Mapping, Sequence

from scripts.architecture.elk import laid_out
from scripts.architecture.geometry import Layout, Rectangle
from scripts.architecture.graph import OUTSIDE, Graph

MARGIN, GAP = 20.0, 22.0


def layout(graph: Graph, order: Sequence[str], *, flat: bool = False) -> Layout:
    """Return where everything goes; stacks stand from top to bottom as `order` has their names.

    `flat` has no groups for stacks. Needs Node and elkjs, which `make setup` installs.
    """
    ranks = {box.group: rank(box.group, order) for box in graph.boxes.values()}
    return joined(laid_out(connected(graph), ranks, flat=flat))


def rank(group: str, order: Sequence[str]) -> int:
    """Return how far down a group belongs; people come first."""
    found = (place for place, name in enumerate(order, start=1) if group.endswith(f"-{name}"))
    return 0 if group == OUTSIDE else next(found, len(order) + 1)


def connected(graph: Graph) -> list[Graph]:
    """Return the parts of a graph between which there are no arrows; a group is in one part."""
    part_of = {name: box.group or name for name, box in graph.boxes.items()}
    for arrow in graph.arrows:
        one, other = part_of[arrow.source], part_of[arrow.target]
        part_of = {name: one if part == other else part for name, part in part_of.items()}
    return [
        Graph(
            boxes={name: box for name, box in graph.boxes.items() if part_of[name] == part},
            arrows=tuple(arrow for arrow in graph.arrows if part_of[arrow.source] == part),
        )
        for part in dict.fromkeys(part_of.values())
    ]


def joined(parts: Sequence[Layout]) -> Layout:
    """Return parts in one layout: in rows no wider than the widest, the largest part first."""
    most = max(part.width for part in parts)
    shelves: list[list[Layout]] = []
    for part in sorted(parts, key=lambda part: -part.width * part.height):
        shelf = next((each for each in shelves if breadth([*each, part]) <= most), None)
        if shelf is None:
            shelves.append([part])
        else:
            shelf.append(part)
    placed: list[Layout] = []
    y = MARGIN
    for shelf in shelves:
        x = MARGIN
        for part in shelf:
            placed.append(part.moved(x, y))
            x += part.width + GAP
        y += max(part.height for part in shelf) + GAP
    return Layout(
        width=most + 2 * MARGIN,
        height=y - GAP + MARGIN,
        groups=_merged([part.groups for part in placed]),
        boxes=_merged([part.boxes for part in placed]),
        routes=tuple(route for part in placed for route in part.routes),
    )


def breadth(shelf: Sequence[Layout]) -> float:
    """Return how wide parts are beside each other."""
    return sum(part.width for part in shelf) + GAP * (len(shelf) - 1)


def _merged(parts: Sequence[Mapping[str, Rectangle]]) -> dict[str, Rectangle]:
    return {name: place for part in parts for name, place in part.items()}
