"""The outcomes of all variants: kept as `results.csv`, shown as the table in docs/recordings.md."""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE = Path(__file__).with_name("results.csv")
PAGE = ROOT / "docs" / "recordings.md"
_HEAD = "| kind | content | container, codec | language | outcome | checked | date |"
_MARKUP = re.compile(r"[\\\[\]()<>~*_&`]")
"""What Markdown would read as more than text, in a file's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of a variant, what was compared, and on which day (ISO 8601)."""

    kind: str
    content: str
    form: str
    language: str
    outcome: str
    checked: str
    date: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What names the variant."""
        return (self.kind, self.content, self.form, self.language)


def read_rows(path: Path = FILE) -> list[Row]:
    """Return the rows in the order of the file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [Row(**row) for row in csv.DictReader(file)]


def merged(
    kept: Iterable[Row], found: Iterable[Row], order: Iterable[tuple[str, ...]]
) -> list[Row]:
    """Return the rows of the variants in order, those found in place of those kept."""
    rows = {row.key: row for row in [*kept, *found]}
    return [rows[key] for key in order if key in rows]


def write_rows(rows: Iterable[Row], path: Path = FILE) -> None:
    """Write the rows."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([field.name for field in fields(Row)])
    writer.writerows(astuple(row) for row in rows)
    path.write_text(text.getvalue(), encoding="utf-8")


def table(rows: Iterable[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = [_HEAD, "|" + "---|" * _HEAD.count(" |")]
    for row in rows:
        shown = replace(row, content=_MARKUP.sub(r"\\\g<0>", row.content))
        lines.append("| " + " | ".join(astuple(shown)) + " |")
    return "\n".join(lines) + "\n"


def page_with(rows: Iterable[Row], page: str) -> str:
    """Return the page with its table replaced, which is the last thing on it."""
    return page[: page.index("| kind |")] + table(rows)
