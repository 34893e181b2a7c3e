import json

import pytest

from runtime.core.contract import METRICS_NAMESPACE, OWN_DIMENSION, Metric, MetricDimension
from runtime.core.metrics import EmbeddedMetrics, embedded
from tests.fakes.clock import FakeClock

NOW = 1_700_000_000.5


def test_should_add_bound_fields_to_its_lines_and_leave_others_alone() -> None:
    lines: list[str] = []
    metrics = EmbeddedMetrics(
        clock=FakeClock(now=NOW), environment="any", write=lines.append, job_id="any", task="t"
    )
    metrics.bind(job_id="other", attempt=3).put({Metric.JOBS_SUCCEEDED: 1})
    metrics.put({Metric.JOBS_SUCCEEDED: 1})
    names = ("job_id", "task", "attempt")
    assert [[json.loads(line).get(name) for name in names] for line in lines] == [
        ["other", "t", 3],
        ["any", "t", None],
    ]


def test_should_write_one_line_that_cloudwatch_makes_metrics_of() -> None:
    lines: list[str] = []
    metrics = EmbeddedMetrics(
        clock=FakeClock(now=NOW), environment="any", write=lines.append, job_id="any-job"
    )

    metrics.put({Metric.JOBS_SUCCEEDED: 1, Metric.JOB_SECONDS: 12.5})

    (line,) = lines
    assert line.endswith("}\n")
    assert json.loads(line) == {
        "action": "metrics.put",
        "job_id": "any-job",
        "_aws": {
            "Timestamp": 1_700_000_000_500,
            "CloudWatchMetrics": [
                {
                    "Namespace": METRICS_NAMESPACE,
                    "Dimensions": [["environment"]],
                    "Metrics": [
                        {"Name": "JobsSucceeded", "Unit": "Count"},
                        {"Name": "JobSeconds", "Unit": "Seconds"},
                    ],
                }
            ],
        },
        "environment": "any",
        "JobsSucceeded": 1,
        "JobSeconds": 12.5,
    }


@pytest.mark.parametrize(
    ("code", "code_class"), [("media.no_streams", "media"), ("internal", "internal")]
)
def test_should_count_by_the_class_of_the_code_and_in_all(code: str, code_class: str) -> None:
    document = embedded({Metric.JOBS_FAILED: 1}, now=NOW, environment="any", code=code)

    (directive,) = document["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["environment"], ["environment", "code_class"]]
    assert (document["environment"], document["code_class"]) == ("any", code_class)


@pytest.mark.parametrize("metric", Metric)
def test_should_name_no_metric_like_another_field(metric: Metric) -> None:
    own = OWN_DIMENSION.get(metric)
    of = None if own is None else "any"
    document = embedded({metric: 1}, now=NOW, environment="any", code="any", of=of)

    dimensions = {"environment", "code_class", *(() if own is None else (own.value,))}
    assert set(document) == {"_aws", *dimensions, metric.value}


@pytest.mark.parametrize(("metric", "dimension"), OWN_DIMENSION.items())
def test_should_count_by_its_own_dimension_alone(
    metric: Metric, dimension: MetricDimension
) -> None:
    document = embedded({metric: 3}, now=NOW, environment="any", of="fetch")

    (directive,) = document["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["environment", dimension.value]]
    assert (document[dimension.value], document[metric.value]) == ("fetch", 3)


@pytest.mark.parametrize(
    ("metrics", "of"),
    [
        ([Metric.STAGE_SECONDS], None),
        ([Metric.JOBS_FAILED], "fetch"),
        ([Metric.STAGE_SECONDS, Metric.JOB_SECONDS], "fetch"),
        ([Metric.STAGE_SECONDS, Metric.JOBS_IN_STATE], "fetch"),
    ],
)
def test_should_refuse_values_that_no_one_would_find(metrics: list[Metric], of: str | None) -> None:
    with pytest.raises(ValueError, match="counted by"):
        embedded(dict.fromkeys(metrics, 1.0), now=NOW, environment="any", of=of)
