"""ELK (npm `elkjs`) as a function: connected boxes in, places and routes out."""

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from local.toolchain import node
from scripts.architecture.geometry import Layout, Rectangle, Route
from scripts.architecture.graph import OUTSIDE, Arrow, Box, Graph
from scripts.architecture.text_size import ARROW, LINE, size, width

SCRIPT = Path(__file__).with_name("layout.mjs")
SECONDS = 60
GROUP = "group "
"""Prefix of a group's id for ELK, so that no box has the same."""

WHOLE = {
    "elk.algorithm": "layered",
    "elk.direction": "DOWN",
    "elk.hierarchyHandling": "INCLUDE_CHILDREN",
    "elk.edgeRouting": "ORTHOGONAL",
    "elk.randomSeed": "1",
    "elk.padding": "[top=0,left=0,bottom=0,right=0]",
    "elk.spacing.nodeNode": "22",
    "elk.spacing.edgeNode": "14",
    "elk.spacing.edgeEdge": "12",
    "elk.spacing.edgeLabel": "3",
    "elk.layered.spacing.nodeNodeBetweenLayers": "26",
    "elk.layered.spacing.edgeNodeBetweenLayers": "14",
    "elk.layered.spacing.edgeEdgeBetweenLayers": "12",
    "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
    "elk.layered.thoroughness": "40",
}
INSIDE = {"elk.padding": "[top=36,left=14,bottom=14,right=14]"}


def laid_out(
    graphs: Sequence[Graph], ranks: Mapping[str, int], *, flat: bool
) -> list[dict[str, Any]]:
    """Return ELK's answer for each graph, groups of a lower rank above those of a higher.

    `flat` has no groups.
    """
    answer = subprocess.run(
        [str(node()), str(SCRIPT)],
        input=json.dumps([_request(graph, ranks, flat=flat) for graph in graphs]),
        capture_output=True,
        check=True,
        text=True,
        timeout=SECONDS,
    )
    answers: list[dict[str, Any]] = json.loads(answer.stdout)
    return answers


def _request(graph: Graph, ranks: Mapping[str, int], *, flat: bool) -> dict[str, Any]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for box in sorted(graph.boxes.values(), key=lambda box: ranks[box.group]):
        groups.setdefault(OUTSIDE if flat else box.group, []).append(_node(box))
    outside = groups.pop(OUTSIDE, [])
    inside = [
        {"id": GROUP + name, "children": children, "layoutOptions": INSIDE}
        for name, children in groups.items()
    ]
    return {
        "id": "picture",
        "layoutOptions": WHOLE,
        "children": [*outside, *inside],
        "edges": [_edge(index, arrow, graph, ranks) for index, arrow in enumerate(graph.arrows)],
    }


def _node(box: Box) -> dict[str, Any]:
    across, down = size(box)
    return {"id": box.name, "width": across, "height": down}


def _upward(arrow: Arrow, graph: Graph, ranks: Mapping[str, int]) -> bool:
    source, target = graph.boxes[arrow.source].group, graph.boxes[arrow.target].group
    return target != OUTSIDE and ranks[source] > ranks[target]


def _edge(index: int, arrow: Arrow, graph: Graph, ranks: Mapping[str, int]) -> dict[str, Any]:
    ends = [arrow.source, arrow.target]
    if _upward(arrow, graph, ranks):
        ends.reverse()
    return {
        "id": str(index),
        "sources": ends[:1],
        "targets": ends[1:],
        "labels": [{"text": arrow.text, "width": width(arrow.text, ARROW) + 6, "height": LINE}],
    }


def read(
    graph: Graph, ranks: Mapping[str, int], answer: Mapping[str, Any], x: float, y: float
) -> Layout:
    """Return an answer as the layout of a graph whose top left corner is at a place."""
    places = dict(_places(answer, x, y))
    groups = {name.removeprefix(GROUP): places[name] for name in places if name.startswith(GROUP)}
    # ELK's coordinates are relative to the group that holds both ends.
    whole = Rectangle(x=x, y=y, width=answer["width"], height=answer["height"])
    return Layout(
        width=answer["width"],
        height=answer["height"],
        groups=groups,
        boxes={name: places[name] for name in graph.boxes},
        routes=tuple(
            _route(graph, ranks, edge, places.get(edge["container"], whole))
            for edge in answer["edges"]
        ),
    )


def _places(parent: Mapping[str, Any], x: float, y: float) -> Iterable[tuple[str, Rectangle]]:
    for child in parent.get("children", ()):
        place = _rectangle(child, x, y)
        yield child["id"], place
        yield from _places(child, place.x, place.y)


def _route(
    graph: Graph, ranks: Mapping[str, int], edge: Mapping[str, Any], origin: Rectangle
) -> Route:
    arrow = graph.arrows[int(edge["id"])]
    (section,) = edge["sections"]
    points = [section["startPoint"], *section.get("bendPoints", ()), section["endPoint"]]
    corners = [(point["x"] + origin.x, point["y"] + origin.y) for point in points]
    if _upward(arrow, graph, ranks):
        corners.reverse()
    label = _rectangle(edge["labels"][0], origin.x, origin.y)
    return Route(arrow=arrow, corners=tuple(corners), label=label)


def _rectangle(placed: Mapping[str, Any], x: float, y: float) -> Rectangle:
    return Rectangle(
        x=placed["x"] + x, y=placed["y"] + y, width=placed["width"], height=placed["height"]
    )
