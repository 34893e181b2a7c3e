"""How many workers there are to be, asked of the alarms and policies of the template itself."""

from collections.abc import Mapping
from math import ceil
from typing import Any

import pytest

from cdk.constructs.compute.worker_scaling import MOST_STEPS, steps
from tests.infra.conftest import ROOT, synthesize
from tests.infra.templates import Deployment
from tests.infra.test_workers import DEV

Json = Mapping[str, Any]


def resource(deployment: Deployment, kind: str, word: str) -> tuple[str, Json]:
    """Return logical id and properties of the one whose logical id has this word."""
    found = {key: r["Properties"] for key, r in deployment.of_type(kind).items() if word in key}
    assert len(found) == 1
    return next(iter(found.items()))


def alarm(deployment: Deployment, word: str) -> Json:
    return resource(deployment, "AWS::CloudWatch::Alarm", f"Scaling{word}")[1]


def policy(deployment: Deployment, word: str) -> tuple[str, Json]:
    return resource(deployment, "AWS::ApplicationAutoScaling::ScalingPolicy", word)


def value(found: Json, *, waiting: int, in_work: int | None) -> float:
    """Evaluate an alarm's expression; None for messages in work is a metric that is not there."""
    (expression,) = (m["Expression"] for m in found["Metrics"] if "Expression" in m)
    names = {
        "IF": lambda condition, yes, no: yes if condition else no,
        "CEIL": ceil,
        "FILL": lambda metric, instead: instead if metric is None else metric,
        "waiting": waiting,
        "in_work": in_work,
    }
    return float(eval(expression, {"__builtins__": {}}, names))  # noqa: S307 - our own template


def rings(found: Json, metric: float) -> bool:
    if found["ComparisonOperator"] == "LessThanThreshold":
        return bool(metric < found["Threshold"])
    assert found["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    return bool(metric >= found["Threshold"])


def step(found: Json, alarmed: Json, metric: float) -> int:
    """Return the adjustment for a metric; bounds are inclusive on the threshold's far side."""
    distance = metric - alarmed["Threshold"]
    below = alarmed["ComparisonOperator"] == "LessThanThreshold"
    fitting = []
    for each in found["StepScalingPolicyConfiguration"]["StepAdjustments"]:
        low = each.get("MetricIntervalLowerBound", float("-inf"))
        high = each.get("MetricIntervalUpperBound", float("inf"))
        if low < distance <= high if below else low <= distance < high:
            fitting.append(int(each["ScalingAdjustment"]))
    (only,) = fitting
    return only


def added(deployment: Deployment, *, waiting: int, in_work: int | None) -> int:
    """Return by how many workers the pool grows."""
    found = alarm(deployment, "Missing")
    metric = value(found, waiting=waiting, in_work=in_work)
    if not rings(found, metric):
        return 0
    return step(policy(deployment, "Grow")[1], found, metric)


def kept(deployment: Deployment, *, waiting: int, in_work: int | None) -> int | None:
    """Return how many workers are kept after an idle time of such peaks; None: all of them."""
    found = alarm(deployment, "Idle")
    metric = value(found, waiting=waiting, in_work=in_work)
    if not rings(found, metric):
        return None
    return step(policy(deployment, "Shrink")[1], found, metric)


def with_pool(**settings: int) -> Deployment:
    text = DEV
    for key, number in settings.items():
        # The table of the pool comes before that of the services.
        text = text.replace(f"\n{key} = ", f"\n{key} = {number} # ", 1)
    return synthesize(text)


@pytest.fixture(scope="module")
def patient() -> Deployment:
    """Ten workers at most, and two jobs may wait for each of them."""
    return with_pool(backlog_per_task=2, max_tasks=10)


def test_should_scale_the_service_between_its_bounds(pooled: Deployment) -> None:
    service, _ = pooled.only("AWS::ECS::Service")
    cluster, _ = pooled.only("AWS::ECS::Cluster")
    target, found = pooled.only("AWS::ApplicationAutoScaling::ScalableTarget")
    properties = pooled.render(found["Properties"])

    assert properties["ResourceId"] == f"service/<{cluster}>/<{service}.Name>"
    assert properties["ScalableDimension"] == "ecs:service:DesiredCount"
    assert (properties["MinCapacity"], properties["MaxCapacity"]) == (0, 3)
    for word, adjustment in {"Grow": "ChangeInCapacity", "Shrink": "ExactCapacity"}.items():
        _, scaling = policy(pooled, word)
        assert pooled.render(scaling["ScalingTargetId"]) == f"<{target}>"
        assert scaling["StepScalingPolicyConfiguration"]["AdjustmentType"] == adjustment


@pytest.mark.parametrize(("word", "means"), [("Missing", "Grow"), ("Idle", "Shrink")])
def test_should_let_each_alarm_drive_its_policy_and_alert_no_one(
    pooled: Deployment, word: str, means: str
) -> None:
    logical_id, _ = policy(pooled, means)
    found = alarm(pooled, word)

    assert pooled.render(found["AlarmActions"]) == [f"<{logical_id}>"]
    assert "OKActions" not in found
    assert found["TreatMissingData"] == "notBreaching"
    assert found["EvaluationPeriods"] == 1


def test_should_count_the_messages_of_the_work_queue(pooled: Deployment) -> None:
    pool = pooled.config.pool
    assert pool is not None
    for word, period in {"Missing": 60, "Idle": 60 * pool.idle_minutes}.items():
        counted = {
            m["Id"]: (m["MetricStat"]["Metric"], m["MetricStat"]["Period"], m["MetricStat"]["Stat"])
            for m in alarm(pooled, word)["Metrics"]
            if "MetricStat" in m
        }
        dimensions = [{"Name": "QueueName", "Value": "lifestream-work-dev"}]
        assert counted == {
            key: (
                {"Namespace": "AWS/SQS", "MetricName": name, "Dimensions": dimensions},
                period,
                "Maximum",
            )
            for key, name in {
                "waiting": "ApproximateNumberOfMessagesVisible",
                "in_work": "ApproximateNumberOfMessagesNotVisible",
            }.items()
        }


def test_should_start_a_worker_for_the_first_job_within_a_minute(pooled: Deployment) -> None:
    found = alarm(pooled, "Missing")
    (period,) = {m["MetricStat"]["Period"] for m in found["Metrics"] if "MetricStat" in m}

    assert added(pooled, waiting=1, in_work=None) == 1
    assert period * found["EvaluationPeriods"] == 60


@pytest.mark.parametrize(
    ("waiting", "in_work", "expected"),
    [(0, None, 0), (0, 3, 0), (1, 1, 1), (2, 1, 2), (3, 0, 3), (50, 3, 3)],
)
def test_should_add_a_worker_for_each_job_that_waits(
    pooled: Deployment, waiting: int, in_work: int | None, expected: int
) -> None:
    assert added(pooled, waiting=waiting, in_work=in_work) == expected


@pytest.mark.parametrize(
    ("waiting", "in_work", "expected"),
    [(1, 0, 1), (2, 0, 1), (3, 0, 2), (1, 1, 0), (2, 1, 1), (2, 2, 0), (3, 2, 1), (1, 5, 0)],
)
def test_should_let_some_jobs_wait_where_a_backlog_is_allowed(
    patient: Deployment, waiting: int, in_work: int, expected: int
) -> None:
    assert added(patient, waiting=waiting, in_work=in_work) == expected


@pytest.mark.parametrize(
    ("waiting", "in_work", "expected"),
    [(0, None, 0), (0, 1, 1), (0, 2, 2), (0, 3, None), (1, 0, None), (1, 2, None)],
)
def test_should_keep_as_many_workers_as_were_busy_and_all_while_jobs_wait(
    pooled: Deployment, waiting: int, in_work: int | None, expected: int | None
) -> None:
    assert kept(pooled, waiting=waiting, in_work=in_work) == expected


def test_should_never_go_below_the_fewest() -> None:
    deployment = with_pool(min_tasks=2)

    assert kept(deployment, waiting=0, in_work=None) == 2


def test_should_give_new_workers_time_to_start_before_it_adds_more(pooled: Deployment) -> None:
    _, grow = policy(pooled, "Grow")

    assert grow["StepScalingPolicyConfiguration"]["Cooldown"] == 180


@pytest.mark.parametrize("most", [1, 2, 19, 20, 21, 50, 200])
def test_should_know_no_more_steps_than_a_policy_may_have(most: int) -> None:
    sizes = list(steps(most, MOST_STEPS))

    assert len(sizes) <= MOST_STEPS
    assert sizes[0] == 1
    assert sizes[-1] == most
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("most", [21, 50, 200])
def test_should_exceed_what_is_needed_by_a_third_and_one_at_most(most: int) -> None:
    sizes = list(steps(most, MOST_STEPS))

    for needed in range(1, most + 1):
        taken = min(size for size in sizes if size >= needed)
        assert taken <= 4 / 3 * needed + 1


@pytest.mark.parametrize("most", [1, 20, 200])
def test_should_find_one_step_for_every_number(most: int) -> None:
    deployment = with_pool(max_tasks=most)

    for jobs in range(1, most + 1):
        assert added(deployment, waiting=jobs, in_work=None) >= jobs
    for busy in range(most):
        remaining = kept(deployment, waiting=0, in_work=busy)
        assert remaining is not None
        assert remaining >= busy
    assert added(deployment, waiting=10 * most, in_work=None) == most
    for word in ("Grow", "Shrink"):
        configuration = policy(deployment, word)[1]["StepScalingPolicyConfiguration"]
        assert len(configuration["StepAdjustments"]) <= MOST_STEPS


def test_should_describe_the_formulas_where_they_are_explained() -> None:
    text = (ROOT / "docs" / "adr" / "0008-workers-follow-the-backlog.md").read_text()

    assert "ceil((waiting + in work) / backlog_per_task) - in work" in text
