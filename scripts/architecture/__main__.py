"""`python -m scripts.architecture`: draw the architecture pictures in docs/ from the templates."""

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cdk.application import build, synthesize
from cdk.assembly import StackTemplate, read_environments
from runtime.core.contract import Stage
from scripts.architecture.drawn import PictureOf, drawn
from scripts.architecture.graph import OUTSIDE, Graph, graph_of
from scripts.architecture.layout import layout
from scripts.architecture.picture import picture

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def main() -> int:
    """Write every picture."""
    for name, of in drawn().pictures.items():
        file_of(name).write_text(drawing(of, synthesized(of)))
    return 0


def file_of(name: str) -> Path:
    """Return where a picture is kept."""
    return DOCS / f"{name}.svg"


def synthesized(of: PictureOf) -> Sequence[StackTemplate]:
    """Return the stacks that a picture is of, synthesized anew."""
    with tempfile.TemporaryDirectory() as folder:
        app = build(ROOT, outdir=Path(folder), only=of.environment, launch=of.launch)
        return read_environments(synthesize(app))[of.environment]


def drawing(of: PictureOf, stacks: Sequence[StackTemplate]) -> str:
    """Return the picture of some stacks as SVG."""
    graph = chosen(stacks, of)
    return picture(graph, layout(graph, of.order, flat=of.flat), of.title)


def chosen(stacks: Sequence[StackTemplate], of: PictureOf) -> Graph:
    """Return what a picture shows of some stacks, with the stages where it names them."""
    types = {name: each for name, each in drawn().types.items() if name in of.types or not of.types}
    graph = graph_of(stacks, replace(drawn(), types=types))
    stages = ", ".join(Stage).replace("_", " ")
    boxes = {
        name: replace(box, note=stages) if of.stages and box.processes else box
        for name, box in graph.boxes.items()
        if not of.stacks or box.group == OUTSIDE or box.group.endswith(of.stacks)
    }
    arrows = tuple(arrow for arrow in graph.arrows if {arrow.source, arrow.target} <= set(boxes))
    return Graph(boxes=boxes, arrows=arrows)


if __name__ == "__main__":
    sys.exit(main())
