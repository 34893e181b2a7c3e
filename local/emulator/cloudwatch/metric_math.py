"""Gap (1.5.33, upstream): alarms on metric math are refused; evaluates expressions.

A value is a number, a series, or a list of series; a missing point is None and makes what is
computed from it missing. Supported: + - * / ^, comparisons, AND OR, and ABS AVG CEIL FILL FLOOR IF
MAX MIN SUM, the last four of a list (point by point) or of a series (over all its points).
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Point = float | None
Series = tuple[Point, ...]
Value = Any
"""A float, a `Series` or a list of them."""


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
    found = Evaluation(series).value(tree.body)
    if isinstance(found, list):
        raise ExpressionError(f"{expression!r} gives several series")
    return spread(found, length)


class Evaluation:
    """One evaluation over the series that an expression names."""

    def __init__(self, series: Mapping[str, Series]) -> None:
        self._series = series

    def value(self, node: ast.expr) -> Value:
        """Return the value of a part of an expression."""
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name) if name in self._series:
                return self._series[name]
            case ast.List(elts=parts):
                return [self.value(part) for part in parts]
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._call(name.upper(), arguments)
            case _:
                return self._operation(node)

    def _operation(self, node: ast.expr) -> Value:
        sign: ast.AST
        match node:
            case ast.UnaryOp(op=sign, operand=operand):
                parts = [operand]
            case ast.BinOp(left=left, op=sign, right=right):
                parts = [left, right]
            case ast.Compare(left=left, ops=[sign], comparators=[right]):
                parts = [left, right]
            case ast.BoolOp(op=sign, values=parts):
                pass
            case _:
                raise ExpressionError(f"unsupported: {ast.unparse(node)}")
        if type(sign) not in OPERATORS:
            raise ExpressionError(f"unsupported: {ast.unparse(node)}")
        return pointwise(OPERATORS[type(sign)], *(self.value(part) for part in parts))

    def _call(self, name: str, arguments: Sequence[ast.expr]) -> Value:
        match name, arguments:
            case "FILL", [given, ast.Name(id="REPEAT")]:
                return repeated(self.value(given))
            case "FILL", [given, filler]:
                return filled(self.value(given), self.value(filler))
            case "IF", [condition, then]:
                return pointwise(chosen, self.value(condition), self.value(then), None)
            case "IF", [condition, then, otherwise]:
                values = (self.value(part) for part in (condition, then, otherwise))
                return pointwise(chosen, *values)
            case (("ABS" | "CEIL" | "FLOOR"), [given]):
                return pointwise(ROUNDING[name], self.value(given))
            case (("AVG" | "MAX" | "MIN" | "SUM"), [given]):
                return aggregated(AGGREGATES[name], self.value(given))
            case _:
                raise ExpressionError(f"unsupported: {name} of {len(arguments)}")


ROUNDING: dict[str, Callable[[float], float]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}
AGGREGATES: dict[str, Callable[[Sequence[float]], float]] = {
    "AVG": lambda values: sum(values) / len(values),
    "MAX": max,
    "MIN": min,
    "SUM": sum,
}


def chosen(condition: Point, then: Point, otherwise: Point) -> Point:
    """Return one of two points; a missing condition is not true."""
    return then if condition else otherwise


def pointwise(function: Callable[..., Any], *values: Value) -> Value:
    """Apply a function to numbers or, point by point, to series."""
    if any(isinstance(value, list) for value in values):
        raise ExpressionError("a list stands where a series is wanted")
    lengths = {len(value) for value in values if isinstance(value, tuple)}
    if not lengths:
        return computed(function, values)
    rows = (spread(value, max(lengths)) for value in values)
    return tuple(computed(function, points) for points in zip(*rows, strict=True))


def computed(function: Callable[..., Any], points: Sequence[Point]) -> Point:
    """Return a function of points; missing when one of them is, or when there is no result."""
    if function is chosen:
        return chosen(*points)
    if any(point is None for point in points):
        return None
    try:
        result = float(function(*points))
    except (ArithmeticError, ValueError):
        return None
    return result if math.isfinite(result) else None


def spread(value: Value, length: int) -> Series:
    """Return a value as a series of some length."""
    return value if isinstance(value, tuple) else (value,) * length


def filled(value: Value, filler: Value) -> Value:
    """Return a series with its missing points taken from the filler."""
    if not isinstance(value, tuple):
        return value
    other = spread(filler, len(value))
    return tuple(o if v is None else v for v, o in zip(value, other, strict=True))


def repeated(value: Value) -> Value:
    """Return a series with its missing points taken from the one before."""
    if not isinstance(value, tuple):
        return value
    points: list[Point] = []
    for point in value:
        points.append(points[-1] if point is None and points else point)
    return tuple(points)


def aggregated(function: Callable[[Sequence[float]], float], value: Value) -> Value:
    """Return an aggregate of a list of series (point by point) or of one series."""
    if isinstance(value, list):
        length = max((len(part) for part in value if isinstance(part, tuple)), default=1)
        rows = zip(*(spread(part, length) for part in value), strict=True)
        return tuple(aggregate(function, row) for row in rows)
    return aggregate(function, spread(value, 1))


def aggregate(function: Callable[[Sequence[float]], float], points: Sequence[Point]) -> Point:
    """Return an aggregate of the points that are there."""
    present = [point for point in points if point is not None]
    return float(function(present)) if present else None
