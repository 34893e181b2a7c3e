"""Gap (1.5.33, upstream): alarms on metric math are refused; evaluates expressions.

A value is a series, a number one of equal points, or a list of series; a missing point is None and
makes what is computed from it missing. Supported: + - * / ^, comparisons, AND OR, and ABS AVG CEIL
FILL FLOOR IF MAX MIN SUM; AVG MAX MIN SUM of a list (point by point) or of a series (of all of it).
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Point = float | None
Series = tuple[Point, ...]
Value = Any
"""A `Series` or a list of them."""


class ExpressionError(ValueError):
    """An expression cannot be read or uses what is unsupported."""


OPERATORS: dict[type[ast.AST], Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.And: lambda *conditions: all(conditions),
    ast.Or: lambda *conditions: any(conditions),
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}

PYTHON_SPELLING = (
    (re.compile(r"\^"), "**"),
    (re.compile(r"&&|\bAND\b"), " and "),
    (re.compile(r"\|\||\bOR\b"), " or "),
)


def evaluate(expression: str, series: Mapping[str, Series]) -> Series:
    """Return an expression's series, as long as those it is made of.

    Raises `ExpressionError`.
    """
    text = expression.strip()
    for pattern, replacement in PYTHON_SPELLING:
        text = pattern.sub(replacement, text)
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError as error:
        raise ExpressionError(f"cannot read {expression!r}: {error.msg}") from None
    length = max((len(values) for values in series.values()), default=1)
    return single(Evaluation(series, length).value(tree.body))


class Evaluation:
    """One evaluation over the series that an expression names, all of one length."""

    def __init__(self, series: Mapping[str, Series], length: int) -> None:
        self._series = series
        self._length = length

    def value(self, node: ast.expr) -> Value:  # noqa: PLR0911 - one for each form
        """Return the value of a part of an expression."""
        match node:
            case ast.Constant(value=int() | float() as number):
                return (float(number),) * self._length
            case ast.Name(id=name) if name in self._series:
                return self._series[name]
            case ast.List(elts=parts):
                return [single(self.value(part)) for part in parts]
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._call(name.upper(), arguments)
            case ast.UnaryOp(op=sign, operand=operand) if type(sign) in OPERATORS:
                return self._pointwise(OPERATORS[type(sign)], operand)
            case (
                ast.BinOp(left=left, op=sign, right=right)
                | ast.Compare(left=left, ops=[sign], comparators=[right])
            ) if type(sign) in OPERATORS:
                return self._pointwise(OPERATORS[type(sign)], left, right)
            case ast.BoolOp(op=sign, values=parts):
                return self._pointwise(OPERATORS[type(sign)], *parts)
            case _:
                raise ExpressionError(f"unsupported: {ast.unparse(node)}")

    def _call(self, name: str, arguments: Sequence[ast.expr]) -> Value:
        match name, arguments:
            case "FILL", [given, ast.Name(id="REPEAT")]:
                return repeated(single(self.value(given)))
            case "FILL", [given, filler]:
                rows = self._rows(given, filler)
                return tuple(other if point is None else point for point, other in rows)
            case "IF", [condition, then, *otherwise] if len(otherwise) <= 1:
                rows = self._rows(condition, then, *otherwise)
                # A missing condition is not true.
                return tuple(row[1] if row[0] else (*row, None)[2] for row in rows)
            case (("ABS" | "CEIL" | "FLOOR"), [given]):
                return self._pointwise(ROUNDING[name], given)
            case (("AVG" | "MAX" | "MIN" | "SUM"), [given]):
                found = self.value(given)
                if isinstance(found, list):
                    return tuple(aggregate(name, row) for row in zip(*found, strict=True))
                return (aggregate(name, found),) * self._length
            case _:
                raise ExpressionError(f"unsupported: {name} of {len(arguments)}")

    def _rows(self, *parts: ast.expr) -> Iterator[Series]:
        """Return the points of some series that belong together."""
        return zip(*(single(self.value(part)) for part in parts), strict=True)

    def _pointwise(self, function: Callable[..., Any], *parts: ast.expr) -> Series:
        return tuple(computed(function, points) for points in self._rows(*parts))


ROUNDING: dict[str, Callable[[float], float]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}
AGGREGATES: dict[str, Callable[[Sequence[float]], float]] = {
    "AVG": lambda values: sum(values) / len(values),
    "MAX": max,
    "MIN": min,
    "SUM": sum,
}


def single(value: Value) -> Series:
    """Return a series; raise `ExpressionError` for a list of them."""
    if isinstance(value, list):
        raise ExpressionError("a list stands where a series is wanted")
    found: Series = value
    return found


def computed(function: Callable[..., Any], points: Sequence[Point]) -> Point:
    """Return a function of points; missing when one of them is, or when there is no result."""
    if any(point is None for point in points):
        return None
    try:
        result = float(function(*points))
    except (ArithmeticError, ValueError):
        return None
    return result if math.isfinite(result) else None


def repeated(series: Series) -> Series:
    """Return a series with its missing points taken from the one before."""
    points: list[Point] = []
    for point in series:
        points.append(points[-1] if point is None and points else point)
    return tuple(points)


def aggregate(name: str, points: Sequence[Point]) -> Point:
    """Return an aggregate of the points that are there."""
    present = [point for point in points if point is not None]
    return float(AGGREGATES[name](present)) if present else None
