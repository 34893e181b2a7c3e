"""Lays a graph out: what is connected by ELK, the parts that are not in rows below each other."""

from collections.abc import Mapping, Sequence
from typing import Any

from scripts.architecture.elk import laid_out, read
from scripts.architecture.geometry import Layout
from scripts.architecture.graph import OUTSIDE, Graph

MARGIN, GAP = 20.0, 22.0

Part = tuple[Graph, Mapping[str, Any]]
"""A graph and ELK's answer about it."""


def layout(graph: Graph, order: Sequence[str], *, flat: bool = False) -> Layout:
    """Return where everything goes; stacks stand from top to bottom as `order` has their names.

    Parts stand in rows no wider than the widest, the largest part first. `flat` has no groups for
    stacks. Needs Node and elkjs, which `make setup` installs.
    """
    ranks = {box.group: rank(box.group, order) for box in graph.boxes.values()}
    graphs = connected(graph)
    parts = [*zip(graphs, laid_out(graphs, ranks, flat=flat), strict=True)]
    most = max(answer["width"] for _, answer in parts)
    placed: list[Layout] = []
    y = MARGIN
    for shelf in shelves(parts, most):
        x = MARGIN
        for part, answer in shelf:
            placed.append(read(part, ranks, answer, x, y))
            x += answer["width"] + GAP
        y += max(answer["height"] for _, answer in shelf) + GAP
    return Layout(
        width=most + 2 * MARGIN,
        height=y - GAP + MARGIN,
        groups={name: place for part in placed for name, place in part.groups.items()},
        boxes={name: place for part in placed for name, place in part.boxes.items()},
        routes=tuple(route for part in placed for route in part.routes),
    )


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


def shelves(parts: Sequence[Part], most: float) -> list[list[Part]]:
    """Return parts beside each other in rows no wider than `most`, the largest part first."""
    found: list[list[Part]] = []
    for part in sorted(parts, key=lambda part: -part[1]["width"] * part[1]["height"]):
        shelf = next((each for each in found if breadth([*each, part]) <= most), None)
        if shelf is None:
            found.append([part])
        else:
            shelf.append(part)
    return found


def breadth(shelf: Sequence[Part]) -> float:
    """Return how wide parts are beside each other."""
    widths: list[float] = [answer["width"] for _, answer in shelf]
    return sum(widths) + GAP * (len(shelf) - 1)
