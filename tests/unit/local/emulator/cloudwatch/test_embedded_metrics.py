import json
from typing import Any

import pytest

from local.emulator.cloudwatch.embedded_metrics import MetricValue, embedded_values
from runtime.core.contract import METRICS_NAMESPACE, Metric
from runtime.core.metrics import embedded


def line(**changes: Any) -> str:
    document = embedded({Metric.JOBS_FAILED: 2}, now=1.5, environment="any", code="media.any")
    return json.dumps({**document, **changes})


def test_should_read_each_value_once_for_every_set_of_dimensions() -> None:
    whole = {"environment": "any"}
    by_class = {"environment": "any", "code_class": "media"}

    assert list(embedded_values(line())) == [
        MetricValue(METRICS_NAMESPACE, "JobsFailed", "Count", dimensions, 2.0, 1.5)
        for dimensions in (whole, by_class)
    ]


@pytest.mark.parametrize(
    "other",
    [
        "START RequestId: any",
        '{"action": "any"}',
        '"_aws" is not JSON',
        '["_aws"]',
        line(_aws={"Timestamp": 1}),
        line(JobsFailed="many"),
        line(_aws=None),
    ],
)
def test_should_pass_over_other_lines(other: str) -> None:
    assert list(embedded_values(other)) == []
