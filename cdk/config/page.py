"""Every setting as a row of docs/environments.md, from what the settings say of themselves."""

from collections.abc import Iterator
from pathlib import Path

from cdk.config.environment import EnvironmentConfig
from cdk.config.schema import Schema, allowed_in, schema_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "environments.md"
MARK = "<!-- Below: written by `make snapshots` from cdk/config. -->\n"


def written(page: str) -> str:
    """Return a page with the part below its mark replaced; raise `ValueError` without a mark."""
    before, mark, _ = page.partition(MARK)
    if not mark:
        raise ValueError(f"{PAGE.name} has no line {MARK!r}")
    return before + mark + "\n" + "\n".join(_sections(schema_of(EnvironmentConfig)))


def _sections(file: Schema) -> Iterator[str]:
    yield "### Above all tables\n"
    yield from _rows(file)
    for name, table in file["properties"].items():
        if "properties" in table:
            optional = "" if name in file["required"] else " (may be left out)"
            yield f"### [{name}]{optional}\n"
            yield table["description"] + "\n"
            yield from _rows(table)


def _rows(table: Schema) -> Iterator[str]:
    yield "| setting | what it is | allowed |"
    yield "|---|---|---|"
    for name, setting in table["properties"].items():
        if "properties" not in setting:
            mark = "" if name in table.get("required", ()) else " (optional)"
            cells = (f"`{name}`{mark}", setting["description"], allowed_in(name, table))
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""
