"""Decisions are read strictly, cover what they name and nothing else, and go stale."""

from pathlib import Path

import pytest

from cdk.config import ConfigError
from cdk.guard.accepted_changes import (
    AcceptedChange,
    classify,
    load,
)
from cdk.guard.changes import Change, ChangeKind

CHANGE = Change(
    environment="dev",
    stack="lifestream-dev-storage",
    resource="Table",
    kind=ChangeKind.REPLACEMENT,
    what="any",
)
DECISION = AcceptedChange(
    environment="dev",
    stack="lifestream-dev-storage",
    resource="Table",
    kind=ChangeKind.REPLACEMENT,
    reason="any reason that is long enough",
)
TABLE = """
[[change]]
environment = "dev"
stack = "lifestream-dev-storage"
resource = "Table"
kind = "replacement"
reason = "any reason that is long enough"
"""


def test_should_refuse_what_no_one_decided_on() -> None:
    result = classify([CHANGE], [])

    assert (result.refused, result.accepted, result.stale) == ((CHANGE,), (), ())


@pytest.mark.parametrize("kind", ChangeKind)
def test_should_accept_each_kind_that_somebody_decided_on(kind: ChangeKind) -> None:
    change = Change(environment="dev", stack="any", resource="Any", kind=kind, what="any")
    decision = AcceptedChange(
        environment="dev", stack="any", resource="Any", kind=kind, reason=DECISION.reason
    )

    result = classify([change], [decision])

    assert (result.refused, result.accepted, result.stale) == ((), (change,), ())


@pytest.mark.parametrize(
    "other",
    [
        Change(environment="prod", stack=CHANGE.stack, resource="Table", kind=CHANGE.kind, what=""),
        Change(environment="dev", stack="any", resource="Table", kind=CHANGE.kind, what=""),
        Change(environment="dev", stack=CHANGE.stack, resource="Any", kind=CHANGE.kind, what=""),
        Change(
            environment="dev",
            stack=CHANGE.stack,
            resource="Table",
            kind=ChangeKind.DELETION,
            what="",
        ),
    ],
    ids=["environment", "stack", "resource", "kind"],
)
def test_should_not_cover_another_change(other: Change) -> None:
    result = classify([other], [DECISION])

    assert result.refused == (other,)
    assert result.stale == (DECISION,)


def test_should_call_a_decision_about_nothing_stale() -> None:
    assert classify([], [DECISION]).stale == (DECISION,)


def test_should_read_decisions(tmp_path: Path) -> None:
    assert load(written(tmp_path, TABLE)) == (DECISION,)


def test_should_take_a_missing_file_as_an_empty_one(tmp_path: Path) -> None:
    assert load(tmp_path / "none.toml") == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[change]\n", "not a TOML file"),
        ("[[changes]]\n", "changes is not a setting; allowed here: change"),
        (TABLE.replace('reason = "any reason that is long enough"', ""), "reason is missing"),
        (
            TABLE.replace("any reason that is long enough", "so what"),
            "a reason of 20 characters or more",
        ),
        (
            TABLE.replace("any reason that is long enough", " " * 30),
            "a reason of 20 characters or more",
        ),
        (TABLE.replace("replacement", "renaming"), "kind = 'renaming'; allowed is one of deletion"),
        (TABLE + 'until = "2030"\n', "until is not a setting; allowed here: environment"),
        (TABLE.replace('"Table"', "3"), "resource = 3; allowed is text"),
    ],
)
def test_should_refuse_a_file_that_says_something_else(
    tmp_path: Path, text: str, problem: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        load(written(tmp_path, text))

    assert problem in str(refused.value)


def written(folder: Path, text: str) -> Path:
    path = folder / "acknowledged.toml"
    path.write_text(text)
    return path
