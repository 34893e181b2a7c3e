import pytest

from local.emulator.cloudwatch.metric_math import ExpressionError, Series, evaluate

GROW = "IF(waiting > 0, CEIL((waiting + FILL(in_work, 0)) / 2) - FILL(in_work, 0), 0)"


def value(expression: str, **series: float | None) -> float | None:
    (found,) = evaluate(expression, {name: (point,) for name, point in series.items()})
    return found


@pytest.mark.parametrize(
    ("waiting", "in_work", "expected"),
    [(5.0, 1.0, 2.0), (5.0, None, 3.0), (0.0, 4.0, 0.0), (None, 4.0, 0.0)],
)
def test_should_evaluate_what_the_pool_asks(
    waiting: float | None, in_work: float | None, expected: float
) -> None:
    assert value(GROW, waiting=waiting, in_work=in_work) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a + 2 * b", 11.0),
        ("-a", -3.0),
        ("(a + 1) ^ 2", 16.0),
        ("a / 0", None),
        ("a / nothing", None),
        ("FILL(nothing, a)", 3.0),
        ("MAX([a, b, nothing])", 4.0),
        ("MIN([a, b])", 3.0),
        ("SUM([a, b])", 7.0),
        ("AVG([a, b])", 3.5),
        ("ABS(-a)", 3.0),
        ("FLOOR(b / a)", 1.0),
        ("CEIL(b / a)", 2.0),
        ("IF(a > 2 AND b == 4, 1, 0)", 1.0),
        ("IF(a > 3 || b > 3, 1, 0)", 1.0),
        ("IF(a > 3, 1)", None),
        ("7", 7.0),
    ],
)
def test_should_evaluate(expression: str, expected: float | None) -> None:
    assert value(expression, a=3.0, b=4.0, nothing=None) == expected


def test_should_go_point_by_point_through_series() -> None:
    series: dict[str, Series] = {"a": (1.0, None, 3.0), "b": (10.0, 20.0, 30.0)}
    assert evaluate("a + b", series) == (11.0, None, 33.0)
    assert evaluate("FILL(a, REPEAT)", series) == (1.0, 1.0, 3.0)
    assert evaluate("b - MAX(b)", series) == (-20.0, -10.0, 0.0)


@pytest.mark.parametrize(
    "expression",
    ["a +", "unknown", "__import__('os')", "a.real", "(lambda: a)()", "[a, b]", "RATE(a)", "'a'"],
)
def test_should_refuse_what_it_does_not_know(expression: str) -> None:
    with pytest.raises(ExpressionError):
        value(expression, a=1.0, b=2.0)
