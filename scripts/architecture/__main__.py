"""`python -m scripts.architecture`: draw the architecture pictures in docs/ from the templates."""

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cdk.application import build, synthesize
from cdk.assembly import StackTemplate, read_environments
from runtime.core.contract import Stage
from scripts.architecture.graph import OUTSIDE, Graph, graph_of
from scripts.architecture.layout import layout
from scripts.architecture.spec import PictureSpec, drawing_spec
from scripts.architecture.svg import picture

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def main() -> int:
    """Write every picture."""
    for name, of in drawing_spec().pictures.items():
        file_of(name).write_text(drawing(of, synthesized(of)))
    return 0


def file_of(name: str) -> Path:
    """Return where a picture is kept."""
    return DOCS / f"{name}.svg"


def synthesized(of: PictureSpec) -> Sequence[StackTemplate]:
    """Return the stacks that a picture is of, freshly synthesized."""
    with tempfile.TemporaryDirectory() as folder:
        app = build(ROOT, outdir=Path(folder), only=of.environment, launch=of.launch)
        return read_environments(synthesize(app))[of.environment]


def drawing(of: PictureSpec, stacks: Sequence[StackTemplate]) -> str:
    """Return the picture of some stacks as SVG."""
    graph = chosen(stacks, of)
    return picture(graph, layout(graph, of.order, flat=of.flat), of.title)


def chosen(stacks: Sequence[StackTemplate], of: PictureSpec) -> Graph:
    """Return what a picture shows of some stacks, with the stages where it names them."""
    types = {
        name: each
        for name, each in drawing_spec().types.items()
        if name in of.types or not of.types
    }
    graph = graph_of(stacks, drawing_spec().model_copy(update={"types": types}))
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
