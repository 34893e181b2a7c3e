from typing import Any

import pytest

from local.emulator.cloudwatch.metric_series import Window, query_series

WINDOW = Window(now=0.0, count=2)
METRIC: dict[str, Any] = {
    "Id": "m",
    "MetricStat": {
        "Metric": {"Namespace": "none", "MetricName": "none"},
        "Stat": "Sum",
        "Period": 60,
    },
    "ReturnData": "false",
}


def test_should_evaluate_expressions_after_those_that_they_need() -> None:
    queries: list[dict[str, Any]] = [
        {"Id": "twice", "Expression": "filled * 2"},
        {"Id": "filled", "Expression": "FILL(m, 3)", "ReturnData": False},
        METRIC,
    ]
    assert query_series(queries, WINDOW) == (6.0, 6.0)


def test_should_refuse_expressions_that_need_one_another() -> None:
    queries: list[dict[str, Any]] = [
        {"Id": "a", "Expression": "b + m"},
        {"Id": "b", "Expression": "a + m"},
        METRIC,
    ]
    with pytest.raises(ValueError, match="cycle"):
        query_series(queries, WINDOW)
