"""What was restored against what is there."""

import pytest

from lifestream.commands.restore_drill import document, lines
from lifestream.restore_drill import ObjectDrill, TableDrill, compare, written_at


def item(*, at: float, text: str = "any") -> dict[str, dict[str, str]]:
    return {"updated_at": {"N": str(at)}, "text": {"S": text}}


@pytest.mark.parametrize(
    ("live", "restored", "expected"),
    [
        ({"a": item(at=1)}, {"a": item(at=1)}, (0, 0, 0)),
        ({"a": item(at=1)}, {}, (0, 1, 0)),
        ({"a": item(at=1)}, {"a": item(at=1, text="other")}, (0, 0, 1)),
        ({"a": item(at=5)}, {}, (1, 0, 0)),
        ({"a": item(at=6, text="new")}, {"a": item(at=1)}, (1, 0, 0)),
        # What was deleted since comes back, and is no loss.
        ({}, {"a": item(at=1)}, (0, 0, 0)),
        # An item without a time counts as older.
        ({"a": {}}, {}, (0, 1, 0)),
    ],
)
def test_should_tell_what_is_newer_from_what_is_lost(
    live: dict[str, dict[str, dict[str, str]]],
    restored: dict[str, dict[str, dict[str, str]]],
    expected: tuple[int, int, int],
) -> None:
    counts = compare(live, restored, recovered_to=5.0, written_at=written_at)

    assert (counts["newer"], counts["lost"], counts["different"]) == expected


def test_should_fail_for_what_is_lost_or_different() -> None:
    good = TableDrill(
        table="any", recovered_to=0.0, restored=1, newer=1, lost=0, different=0, seconds=1.0
    )
    bad = TableDrill(
        table="any", recovered_to=0.0, restored=1, newer=0, lost=1, different=0, seconds=1.0
    )
    media = ObjectDrill(restored=1, different=("uploads/a",))

    assert good.passed
    assert not bad.passed
    assert not media.passed
    assert [line[:4].strip() for line in lines([good, bad], media)] == ["ok", "FAIL", "FAIL"]
    assert document([good], media, passed=False)["passed"] is False
