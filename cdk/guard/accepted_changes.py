"""Accepted changes, each with a reason; read from a TOML file."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from cdk.guard.changes import Change, ChangeKind

LEAST_REASON = 20
"""The least number of characters of a reason."""


class AcceptedChangesError(Exception):
    """The file cannot be used; the message has a line for each problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedChange:
    """An accepted kind of change to one resource of one environment, with its reason."""

    environment: str
    stack: str
    resource: str
    kind: ChangeKind
    reason: str

    def covers(self, change: Change) -> bool:
        """Return whether this is the change that was accepted."""
        asked = (self.environment, self.stack, self.resource, self.kind)
        return asked == (change.environment, change.stack, change.resource, change.kind)

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.environment}: {self.stack}: {self.resource}: {self.kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardResult:
    """Changes that are not accepted, those that are, and acceptances without a change."""

    refused: tuple[Change, ...]
    accepted: tuple[Change, ...]
    stale: tuple[AcceptedChange, ...]


def classify(changes: Sequence[Change], acknowledged: Sequence[AcceptedChange]) -> GuardResult:
    """Sort changes by whether they are accepted."""
    covered = {change for change in changes if any(each.covers(change) for each in acknowledged)}
    return GuardResult(
        refused=tuple(change for change in changes if change not in covered),
        accepted=tuple(change for change in changes if change in covered),
        stale=tuple(
            each for each in acknowledged if not any(each.covers(change) for change in changes)
        ),
    )


def load(path: Path) -> list[AcceptedChange]:
    """Read `[[change]]` tables; a missing file is an empty one. Raise `AcceptedChangesError`."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AcceptedChangesError(f"{path.name}: not a TOML file: {error}") from None
    problems = [
        f"{path.name}: {key} is not known; use [[change]]" for key in document.keys() - {"change"}
    ]
    tables = document.get("change", [])
    for number, table in enumerate(tables, start=1):
        problems += [f"{path.name}: change {number}: {problem}" for problem in _problems(table)]
    if problems:
        raise AcceptedChangesError("\n".join(problems))
    return [AcceptedChange(**{**table, "kind": ChangeKind(table["kind"])}) for table in tables]


def _problems(table: dict[str, Any]) -> list[str]:
    known = {field.name for field in fields(AcceptedChange)}
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
    if table["kind"] not in set(ChangeKind):
        problems.append(f"kind = {table['kind']!r}; allowed is one of {', '.join(ChangeKind)}")
    if len(table["reason"].strip()) < LEAST_REASON:
        problems.append(f"reason has less than {LEAST_REASON} characters; say why it is right")
    return problems
