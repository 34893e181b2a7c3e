"""The changes that somebody decided on, each with a reason; read from a TOML file."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from cdk.guard.changes import Change, Kind

LEAST_REASON = 20
"""Characters below which a reason explains nothing."""


class AcknowledgementError(Exception):
    """The file cannot be used; the message has a line for each problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """One decision: this kind of change to this resource, in this environment, for this reason."""

    environment: str
    stack: str
    resource: str
    kind: Kind
    reason: str

    def covers(self, change: Change) -> bool:
        """Tell whether it is about a change."""
        asked = (self.environment, self.stack, self.resource, self.kind)
        return asked == (change.environment, change.stack, change.resource, change.kind)

    def __str__(self) -> str:
        """Say in a line what it is about."""
        return f"{self.environment}: {self.stack}: {self.resource}: {self.kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Changes nobody decided on, those somebody did, and decisions about nothing that changes."""

    refused: tuple[Change, ...]
    accepted: tuple[Change, ...]
    stale: tuple[Acknowledgement, ...]


def judge(changes: Sequence[Change], acknowledged: Sequence[Acknowledgement]) -> Verdict:
    """Sort changes by whether somebody decided on them."""
    covered = {change for change in changes if any(each.covers(change) for each in acknowledged)}
    return Verdict(
        refused=tuple(change for change in changes if change not in covered),
        accepted=tuple(change for change in changes if change in covered),
        stale=tuple(
            each for each in acknowledged if not any(each.covers(change) for change in changes)
        ),
    )


def load(path: Path) -> list[Acknowledgement]:
    """Read `[[change]]` tables; a missing file is an empty one. Raise `AcknowledgementError`."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AcknowledgementError(f"{path.name}: not a TOML file: {error}") from None
    problems = [
        f"{path.name}: {key} is not known; use [[change]]" for key in document.keys() - {"change"}
    ]
    tables = document.get("change", [])
    for number, table in enumerate(tables, start=1):
        problems += [f"{path.name}: change {number}: {problem}" for problem in _problems(table)]
    if problems:
        raise AcknowledgementError("\n".join(problems))
    return [Acknowledgement(**{**table, "kind": Kind(table["kind"])}) for table in tables]


def _problems(table: dict[str, Any]) -> list[str]:
    known = {field.name for field in fields(Acknowledgement)}
    problems = [
        f"{key} is not known; allowed: {', '.join(sorted(known))}"
        for key in sorted(table.keys() - known)
    ]
    problems += [f"{key} is missing" for key in sorted(known - table.keys())]
    problems += [
        f"{key} must be text"
        for key in sorted(known & table.keys())
        if not isinstance(table[key], str)
    ]
    if problems:
        return problems
    if table["kind"] not in set(Kind):
        problems.append(f"kind = {table['kind']!r}; allowed is one of {', '.join(Kind)}")
    if len(table["reason"].strip()) < LEAST_REASON:
        problems.append(f"reason has less than {LEAST_REASON} characters; say why it is right")
    return problems
