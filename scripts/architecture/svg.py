"""The picture as SVG: a card with groups, boxes and arrows, in light and in dark."""

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from scripts.architecture.geometry import Layout, Rectangle, Route
from scripts.architecture.graph import Box, Graph
from scripts.architecture.text_size import ARROW, LINE, SMALL, TITLE, note_lines, width

HEAD, HEADING, MARGIN, LEGEND, ROUNDING, BAR = 46.0, 17.0, 24.0, 220.0, 7.0, 5.0
NAMESPACE = "http://www.w3.org/2000/svg"
FONT = "Helvetica, Arial, sans-serif"

FAMILIES = {
    "data": ("#2f855a", "#68d391"),
    "queue": ("#b83280", "#f687b3"),
    "compute": ("#c05621", "#f6ad55"),
    "network": ("#2b6cb0", "#63b3ed"),
    "watch": ("#6b46c1", "#b794f4"),
    "guard": ("#b7791f", "#f6e05e"),
    "people": ("#4a5568", "#cbd5e0"),
}
"""The colour of each family's bar on a light and on a dark card."""

LIGHT = """\
.card{fill:#f7f9fc}.group{fill:#edf2f9;stroke:#c3d0e4}.box{fill:#fff;stroke:#8a9bb8}
.title{fill:#1a2540}.soft{fill:#51607d}
.over{stroke:#edf2f9}.seal{fill:#b7791f}"""
DARK = """\
.card{fill:#141a24}.group{fill:#1b2331;stroke:#33415a}.box{fill:#232d3f;stroke:#566583}
.title{fill:#eef3fb}.soft{fill:#aab7cf}
.over{stroke:#1b2331}.seal{fill:#f6e05e}"""


def picture(graph: Graph, layout: Layout, title: str) -> str:
    """Return the SVG of a graph that is laid out."""
    seals = any(box.sealed for box in graph.boxes.values())
    heading = MARGIN + width(title, HEADING, bold=True) + (LEGEND if seals else MARGIN)
    across, down = max(layout.width, heading), layout.height + HEAD
    return "\n".join(
        [
            f'<svg xmlns="{NAMESPACE}" viewBox="0 0 {across:g} {down:g}" font-family="{FONT}">',
            f"<title>{escape(title)}</title>",
            *_style(),
            f'<rect class="card" width="{across:g}" height="{down:g}" rx="14"/>',
            _text("title", MARGIN, 34, HEADING, title, bold=True),
            *(_legend(across - LEGEND + 2 * MARGIN) if seals else ()),
            f'<g transform="translate({(across - layout.width) / 2:g} {HEAD:g})">',
            *_content(graph, layout),
            "</g>",
            "</svg>",
            "",
        ]
    )


def _content(graph: Graph, layout: Layout) -> Iterator[str]:
    for place in layout.groups.values():
        yield _rectangle("group", place, 10)
    for route in layout.routes:
        yield _line(route, graph.boxes[route.arrow.source].family)
    for name, place in layout.groups.items():
        yield _group_name(name, place)
    yield from map(_label, layout.routes)
    for name, place in layout.boxes.items():
        yield from _box(graph.boxes[name], place)


def _style() -> Iterator[str]:
    yield f"<style>{LIGHT}{_colours(0)}"
    yield f"@media (prefers-color-scheme:dark){{{DARK}{_colours(1)}}}"
    yield ".flow{fill:none;stroke-width:1.6}.over{paint-order:stroke;stroke-width:7}</style>"
    yield "<defs>" + "".join(_tip(family) for family in FAMILIES) + "</defs>"


def _colours(card: int) -> str:
    return "".join(
        f".{name}{{fill:{colours[card]}}}.of-{name}{{stroke:{colours[card]}}}"
        for name, colours in FAMILIES.items()
    )


def _tip(family: str) -> str:
    return (
        f'<marker id="{family}" markerWidth="9" markerHeight="8" refX="8" refY="4" '
        f'orient="auto-start-reverse" markerUnits="userSpaceOnUse">'
        f'<path class="{family}" d="M0 0L9 4L0 8z"/></marker>'
    )


def _legend(x: float) -> Iterator[str]:
    yield _seal(x, 28)
    yield _text("soft", x + 14, 33, SMALL, "encrypted with the key")


def _rectangle(kind: str, place: Rectangle, rounding: int) -> str:
    return (
        f'<rect class="{kind}" x="{place.x:g}" y="{place.y:g}" width="{place.width:g}" '
        f'height="{place.height:g}" rx="{rounding}"/>'
    )


def _group_name(name: str, place: Rectangle) -> str:
    # Painted over arrows, and its outline over them as well: they pass behind it.
    short = name.split("-", 2)[-1].replace("-", " ")
    return (
        f'<text class="soft over" x="{place.x + 14:g}" y="{place.y + 22:g}" '
        f'font-size="12.5" font-weight="bold">{escape(short)}</text>'
    )


def _box(box: Box, place: Rectangle) -> Iterator[str]:
    x, y = place.x, place.y
    yield _rectangle("box", place, 6) + (
        f'<path class="{box.family}" d="M{x + BAR:g} {y:g}v{place.height:g}h{3 - BAR:g}'
        f'a3 3 0 0 1-3-3v{6 - place.height:g}a3 3 0 0 1 3-3z"/>'
    )
    left = x + BAR + 9
    yield _text("title", left, y + 20, TITLE, box.title, bold=True)
    for index, line in enumerate((box.kind, *note_lines(box))):
        yield _text("soft", left, y + 37 + LINE * index, SMALL, line)
    if box.sealed:
        yield _seal(x + place.width - 14, y + 15)


def _seal(x: float, y: float) -> str:
    """Return a small key, around a middle."""
    return (
        f'<path class="seal" fill-rule="evenodd" transform="translate({x:g} {y:g})" '
        'd="M-3-4a4 4 0 1 0 3.8 5.2h2.2v2h2.4v-2h1.6v-2.4h-6.2a4 4 0 0 0-3.8-2.8z'
        'm0 2.6a1.4 1.4 0 1 1 0 2.8a1.4 1.4 0 0 1 0-2.8z"/>'
    )


def _line(route: Route, family: str) -> str:
    tip = f"url(#{family})"
    back = f' marker-start="{tip}"' if route.arrow.back else ""
    corners = rounded(route.corners)
    return f'<path class="flow of-{family}" d="{corners}" marker-end="{tip}"{back}/>'


def _label(route: Route) -> str:
    place = route.label
    return _text("soft", place.x + 3, place.y + 11.5, ARROW, route.arrow.text)


def _text(kind: str, x: float, y: float, size: float, text: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text class="{kind}" x="{x:g}" y="{y:g}" font-size="{size:g}"{weight}>'
        f"{escape(text)}</text>"
    )


def rounded(corners: Sequence[tuple[float, float]]) -> str:
    """Return the path through some corners, with its bends rounded off."""
    path = [f"M{corners[0][0]:g} {corners[0][1]:g}"]
    for before, (x, y), after in zip(corners, corners[1:], corners[2:], strict=False):
        entering, leaving = _toward((x, y), before), _toward((x, y), after)
        path.append(f"L{entering[0]:g} {entering[1]:g}Q{x:g} {y:g} {leaving[0]:g} {leaving[1]:g}")
    path.append(f"L{corners[-1][0]:g} {corners[-1][1]:g}")
    return "".join(path)


def _toward(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """Return the point at most `ROUNDING` away from a corner, and not beyond the middle."""
    across, down = other[0] - corner[0], other[1] - corner[1]
    length = max(abs(across) + abs(down), 0.001)
    part = min(ROUNDING, length / 2) / length
    return corner[0] + across * part, corner[1] + down * part
