"""Accepted changes, each with a reason; read from a TOML file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Strict

from cdk.config.problems import read_toml, validated
from cdk.config.settings import Settings
from cdk.config.values import text
from cdk.guard.changes import Change, ChangeKind

Text = Annotated[str, text(r".+", "text")]
Reason = Annotated[
    str, text(r"\s*\S[\s\S]{18,}\S\s*", "a reason of 20 characters or more: why it is right")
]


class AcceptedChange(Settings):
    """An accepted kind of change to one resource of one environment, with its reason."""

    environment: Text
    """The environment that changes."""
    stack: Text
    """The stack's name."""
    resource: Text
    """The resource's logical id."""
    kind: Annotated[ChangeKind, Strict(strict=False)]
    """The kind of change."""
    reason: Reason
    """Why the change is right."""

    def covers(self, change: Change) -> bool:
        """Return whether this is the change that was accepted."""
        asked = (self.environment, self.stack, self.resource, self.kind)
        return asked == (change.environment, change.stack, change.resource, change.kind)

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.environment}: {self.stack}: {self.resource}: {self.kind}"


class _File(Settings):
    """The file of accepted changes."""

    change: Annotated[tuple[AcceptedChange, ...], Strict(strict=False)] = ()
    """The accepted changes."""


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


def load(path: Path) -> tuple[AcceptedChange, ...]:
    """Read `[[change]]` tables; a missing file is an empty one. Raise `ConfigError`."""
    if not path.exists():
        return ()
    return validated(_File, read_toml(path, path.name), where=path.name).change
