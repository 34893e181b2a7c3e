"""What the dashboard shows: every question has its widget, and every widget has data to show."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from aws_cdk import Duration

from cdk.config import load_environment
from cdk.constructs.observability.metrics import custom_metric
from runtime.core.contract import METRICS_NAMESPACE, OWN_DIMENSION, Metric, Stage
from runtime.core.jobs import ENDED, State
from runtime.reaper.reaper import SWEPT
from tests.infra.alarms import for_people
from tests.infra.conftest import ROOT, synthesize
from tests.infra.gpu import GPU, private
from tests.infra.templates import Deployment

AWS_METRICS = {
    "AWS/SQS": {
        "ApproximateNumberOfMessagesVisible": {"QueueName"},
        "ApproximateNumberOfMessagesNotVisible": {"QueueName"},
        "ApproximateAgeOfOldestMessage": {"QueueName"},
    },
    "AWS/Lambda": {
        "Invocations": {"FunctionName"},
        "Errors": {"FunctionName"},
        "Throttles": {"FunctionName"},
    },
    "ECS/ContainerInsights": {
        "TaskCount": {"ClusterName"},
        "DesiredTaskCount": {"ClusterName", "ServiceName"},
        "PendingTaskCount": {"ClusterName", "ServiceName"},
        "RunningTaskCount": {"ClusterName", "ServiceName"},
    },
}
"""What AWS writes of that we show, and the dimensions it writes it with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A metric of a widget; `options` is how it is shown."""

    widget: str
    namespace: str
    name: str
    dimensions: dict[str, str]
    options: dict[str, Any]


def body(deployment: Deployment) -> Any:
    _, dashboard = deployment.only("AWS::CloudWatch::Dashboard")
    return json.loads(deployment.render(dashboard["Properties"]["DashboardBody"]))


def shown(deployment: Deployment) -> Iterator[Shown]:
    """Yield each metric of each widget, those that expressions are made of among them."""
    for widget in body(deployment)["widgets"]:
        for entry in widget["properties"].get("metrics", []):
            if not isinstance(entry[0], str):
                continue
            words = [part for part in entry if isinstance(part, str)]
            options = entry[-1] if isinstance(entry[-1], dict) else {}
            yield Shown(
                widget=widget["properties"]["title"],
                namespace=words[0],
                name=words[1],
                dimensions=dict(zip(words[2::2], words[3::2], strict=True)),
                options=options,
            )


def expressions(deployment: Deployment) -> set[str]:
    return {
        entry[0]["expression"]
        for widget in body(deployment)["widgets"]
        for entry in widget["properties"].get("metrics", [])
        if isinstance(entry[0], dict)
    }


def own(deployment: Deployment) -> list[Shown]:
    return [metric for metric in shown(deployment) if metric.namespace == METRICS_NAMESPACE]


@pytest.fixture(scope="module")
def with_gpu() -> Deployment:
    text = private((ROOT / "environments" / "dev.toml").read_text())
    return synthesize(text + GPU)


def test_should_show_every_alarm_on_the_dashboard(deployment: Deployment) -> None:
    _, dashboard = deployment.only("AWS::CloudWatch::Dashboard")
    body = deployment.render(dashboard["Properties"]["DashboardBody"])

    assert deployment.render(dashboard["Properties"]["DashboardName"]) == (
        f"lifestream-{deployment.config.name}-<AWS::Region>"
    )
    assert all(f"<{alarm}.Arn>" in body for alarm in for_people(deployment))


def test_should_show_only_what_our_code_writes_by_the_dimensions_it_writes(
    deployment: Deployment,
) -> None:
    values = {
        Metric.JOBS_IN_STATE: {state.value for state in SWEPT},
        Metric.STAGE_SECONDS: {stage.value for stage in Stage},
    }
    for metric in own(deployment):
        name = Metric(metric.name)
        dimension = OWN_DIMENSION.get(name)
        own_value = {} if dimension is None else {dimension.value: metric.dimensions[dimension]}
        assert metric.dimensions == {"environment": deployment.config.name, **own_value}
        assert set(own_value.values()) <= values.get(name, set()), metric


def test_should_show_only_what_aws_writes(deployment: Deployment) -> None:
    for metric in shown(deployment):
        if metric.namespace != METRICS_NAMESPACE:
            dimensions = AWS_METRICS[metric.namespace][metric.name]
            assert set(metric.dimensions) == dimensions, metric


@pytest.mark.parametrize("metric", Metric)
def test_should_name_no_metric_that_no_one_writes(metric: Metric) -> None:
    contract = ROOT / "runtime" / "core" / "contract"
    code = [
        path.read_text()
        for path in (ROOT / "runtime").rglob("*.py")
        if not path.is_relative_to(contract)
    ]

    # A metric is written as a key with its value or passed to a function; its unit is a text.
    short = metric.name.removeprefix("PROTECTION_")  # as the package of protection calls it
    written = re.compile(rf"Metric\.(?:{metric.name}|{short})(?:: (?!\")|, )")
    assert any(written.search(text) for text in code)


def test_should_show_every_metric_of_our_own_where_it_is_written(pooled: Deployment) -> None:
    alarmed_only = {
        Metric.SWEEPS_COMPLETED,
        Metric.DISPATCHES_FAILED,
        Metric.UPLOADS_WITHOUT_JOB,
        Metric.LONGEST_WAIT_SECONDS,
    }
    unasked = {Metric.PROTECTION_LEASE_AGE_SECONDS}
    # Only with a table [summary]: tests/infra/test_summary_model.py.
    of_a_model = {metric for metric in Metric if metric.startswith("Summary")}

    assert {metric.name for metric in own(pooled)} == {
        metric.value for metric in set(Metric) - alarmed_only - unasked - of_a_model
    }


def test_should_show_the_jobs_in_every_state_that_does_not_last(deployment: Deployment) -> None:
    states = [m for m in own(deployment) if m.widget.startswith("Jobs by state")]

    assert {metric.dimensions["state"] for metric in states} == set(State) - ENDED == set(SWEPT)
    # A period without a sweep would be a hole, one with two would count twice as a sum.
    for metric in states:
        assert metric.options["stat"] == "Maximum"
        assert metric.options.get("period", 300) == 60 * deployment.config.reaper.sweep_minutes


@pytest.mark.parametrize("statistic", ["p50", "p90"])
def test_should_show_how_long_each_stage_takes(deployment: Deployment, statistic: str) -> None:
    found = [
        metric
        for metric in own(deployment)
        if metric.name == Metric.STAGE_SECONDS and metric.options["stat"] == statistic
    ]

    assert [metric.dimensions["stage"] for metric in found] == list(Stage)
    assert {metric.options["label"] for metric in found} == set(Stage)


def test_should_show_what_waits_and_what_is_dead(deployment: Deployment) -> None:
    queues = {
        queue["Properties"]["QueueName"]: f"<{logical_id}.QueueName>"
        for logical_id, queue in deployment.of_type("AWS::SQS::Queue").items()
    }
    found = {(m.name, m.dimensions["QueueName"]) for m in shown(deployment) if "SQS" in m.namespace}
    name = deployment.config.name

    assert found >= {
        ("ApproximateNumberOfMessagesVisible", queues[f"lifestream-jobs-{name}"]),
        ("ApproximateAgeOfOldestMessage", queues[f"lifestream-jobs-{name}"]),
        ("ApproximateNumberOfMessagesVisible", queues[f"lifestream-jobs-dlq-{name}"]),
    }


def test_should_show_what_an_hour_of_video_costs_and_how_fast_it_goes(
    deployment: Deployment,
) -> None:
    assert expressions(deployment) == {"3600 * spent / media", "jobs / media"}
    ids = {m.options.get("id"): m.name for m in own(deployment) if "id" in m.options}
    assert ids == {"spent": "ProcessingUsd", "media": "MediaSeconds", "jobs": "JobSeconds"}


def test_should_show_tasks_and_protection_of_workers_where_there_are_any(
    deployment: Deployment, with_gpu: Deployment
) -> None:
    name = deployment.config.name
    services = {
        m.dimensions["ServiceName"] for m in shown(deployment) if "ServiceName" in m.dimensions
    }
    protected = any(m.name == Metric.PROTECTION_MARGIN_SECONDS for m in own(deployment))

    assert services == ({f"lifestream-worker-{name}"} if deployment.config.workers else set())
    assert protected == bool(deployment.config.workers)
    assert any(m.name == Metric.PROTECTION_MARGIN_SECONDS for m in own(with_gpu))
    assert "lifestream-gpu-worker-dev" in {m.dimensions.get("ServiceName") for m in shown(with_gpu)}


@pytest.mark.parametrize(
    ("metric", "of"), [(Metric.STAGE_SECONDS, None), (Metric.JOBS_FAILED, "fetch")]
)
def test_should_refuse_to_show_what_would_never_have_data(metric: Metric, of: str | None) -> None:
    environment = load_environment(ROOT / "environments" / "dev.toml")
    with pytest.raises(ValueError, match="is counted by"):
        custom_metric(environment, metric, Duration.minutes(5), of=of)
