"""Which files `-m` leaves out: a file is imported only if one of its tests may be chosen."""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from functools import cache
from itertools import chain, combinations
from pathlib import Path

from _pytest.mark.expression import Expression

SELECTED_BY = frozenset(
    ("browser", "cloud", "corpus", "deployments", "e2e", "image", "media", "models")
)
"""The marks that `make` chooses tests by."""

_MARK = re.compile(r"\bmark\.(\w+)")
_NAME = re.compile(r"\w+")
_OPERATORS = {"and", "or", "not"}
_OF_ALL = re.compile(r"^pytestmark = .*$", re.MULTILINE)


def is_left_out(path: Path, expression: str) -> bool:
    """Return whether no test of a file, or of all files of a folder, can fulfil an expression.

    A mark that a test bears is written in its file, after `mark.`; those in `pytestmark` hold for
    all tests of a file. An expression with other names than `SELECTED_BY` leaves nothing out.
    """
    if set(_NAME.findall(expression)) - SELECTED_BY - _OPERATORS:
        return False
    if path.is_dir():
        return all(is_left_out(file, expression) for file in path.rglob("test_*.py"))
    chosen = _expression(expression)
    return not any(
        chosen.evaluate(lambda name, /, marks=marks, **_: name in marks)
        for marks in _possible(path.read_text())
    )


def _possible(text: str) -> Iterator[AbstractSet[str]]:
    """Yield the sets of marks that a test may bear."""
    of_all = {mark for line in _OF_ALL.findall(text) for mark in _MARK.findall(line)}
    of_all &= SELECTED_BY
    of_some = (SELECTED_BY & set(_MARK.findall(text))) - of_all
    for some in chain.from_iterable(combinations(of_some, n) for n in range(len(of_some) + 1)):
        yield of_all | set(some)


@cache
def _expression(text: str) -> Expression:
    return Expression.compile(text)
