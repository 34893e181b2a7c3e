"""What `make test` never repeats: the Makefile's list against the tree."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
TESTS = ROOT / "tests"


def never_repeated() -> list[Path]:
    """Return the files and folders whose tests have one attempt."""
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    found = re.search(r"--rerun-exclude-path tests/,([^)]*)\)", text)
    assert found
    return [TESTS / name for name in found[1].split()]


def test_should_list_only_what_exists() -> None:
    assert [path for path in never_repeated() if not path.exists()] == []


def test_should_never_repeat_a_test_that_counts_what_was_lost_or_left_unprotected() -> None:
    once = never_repeated()
    repeated = [
        path
        for folder in ("e2e", "integration")
        for path in (TESTS / folder).rglob("test_*.py")
        if not any(path.is_relative_to(each) for each in once)
    ]
    assert repeated
    assert not [path for path in repeated if "chaos" in path.name or "kills" in path.name]
    assert {TESTS / name for name in ("unit", "contract", "corpus")} <= set(once)
