import pytest

from local.emulator.cloudwatch.alarm_state import ALARM, INSUFFICIENT_DATA, OK, state
from local.emulator.cloudwatch.metric_math import Series


def alarm(periods: int = 1, missing: str = "missing", **more: object) -> dict[str, object]:
    return {
        "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "EvaluationPeriods": periods,
        "TreatMissingData": missing,
        "StateValue": "ALARM",
        **more,
    }


@pytest.mark.parametrize(
    ("operator", "states"),
    [
        ("GreaterThanOrEqualToThreshold", [OK, ALARM, ALARM]),
        ("GreaterThanThreshold", [OK, OK, ALARM]),
        ("LessThanThreshold", [ALARM, OK, OK]),
        ("LessThanOrEqualToThreshold", [ALARM, ALARM, OK]),
    ],
)
def test_should_compare_with_the_threshold(operator: str, states: list[str]) -> None:
    watched = alarm(ComparisonOperator=operator)
    assert [state(watched, (point,)) for point in (4.0, 5.0, 6.0)] == states


@pytest.mark.parametrize(
    ("missing", "expected"),
    [("missing", INSUFFICIENT_DATA), ("breaching", ALARM), ("notBreaching", OK), ("ignore", ALARM)],
)
def test_should_treat_missing_data_as_told(missing: str, expected: str) -> None:
    assert state(alarm(missing=missing), (None,)) == expected


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ((9.0, 9.0, 1.0), ALARM),
        ((9.0, 1.0, 1.0), OK),
        ((None, 9.0, 9.0), ALARM),
        ((None, None, 9.0), ALARM),
        ((None, None, 1.0), OK),
    ],
)
def test_should_want_two_datapoints_of_three(points: Series, expected: str) -> None:
    assert state(alarm(periods=3, DatapointsToAlarm=2), points) == expected
