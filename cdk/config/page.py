"""Every setting as a table of docs/environments.md, made of what the settings say of themselves."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cdk.config.environment import OPTIONAL_TABLES, TABLES, EnvironmentConfig
from cdk.config.settings import about, is_optional, rule_of, settings_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "environments.md"
MARK = "<!-- Below: written by `make snapshots` from cdk/config. -->\n"


def written(page: str) -> str:
    """Return a page with what stands below its mark made anew; it must have the mark."""
    before, mark, _ = page.partition(MARK)
    if not mark:
        raise ValueError(f"{PAGE.name} has no line {MARK!r}")
    return before + mark + "\n" + "\n".join(_sections())


def _sections() -> Iterator[str]:
    yield "### Above all tables\n"
    yield from _rows(EnvironmentConfig)
    for name, kind in TABLES.items():
        yield f"### [{name}]{' (may be left out)' if name in OPTIONAL_TABLES else ''}\n"
        yield _purpose(kind)
        yield from _rows(kind)


def _purpose(kind: type[Any]) -> str:
    paragraphs = (kind.__doc__ or "").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs) + "\n"


def _rows(kind: type[Any]) -> Iterator[str]:
    yield "| setting | what it is | allowed |"
    yield "|---|---|---|"
    for name, item in settings_of(kind).items():
        if kind is not EnvironmentConfig or name != "name":
            yield _row(name, item)
    yield ""


def _row(name: str, item: dataclasses.Field[Any]) -> str:
    mark = " (optional)" if is_optional(item) else ""
    cells = (f"`{name}`{mark}", about(item), rule_of(item).allowed)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
