"""The list of guards is in step with the code and the tests that it names."""

import pytest

from scripts.mutants.__main__ import part_of
from scripts.mutants.guards import Guard, GuardMissingError, guards
from scripts.setup.commands import ROOT


def test_should_name_each_guard_once() -> None:
    names = [guard.name for guard in guards()]
    assert len(names) == len(set(names)) >= 40


@pytest.mark.parametrize("guard", guards(), ids=lambda guard: guard.name.replace(" ", "-"))
def test_should_find_each_guard_in_the_code(guard: Guard) -> None:
    source = (ROOT / guard.file).read_text()
    compile(guard.removed_from(source), guard.file, "exec")
    assert all((ROOT / test).is_file() for test in guard.tests)


def test_should_refuse_a_guard_that_is_not_there_or_not_alone() -> None:
    guard = Guard(name="any", file="any.py", code="b", without="", tests=())
    assert guard.removed_from("abc") == "ac"
    for source in ("ac", "abbc"):
        with pytest.raises(GuardMissingError, match=r"any\.py has"):
            guard.removed_from(source)


def test_should_have_each_guard_in_one_part() -> None:
    parts = [part_of(guards(), f"{number}/4") for number in range(1, 5)]
    assert sorted(guard.name for part in parts for guard in part) == sorted(
        guard.name for guard in guards()
    )
