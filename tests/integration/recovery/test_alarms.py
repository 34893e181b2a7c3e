"""What the deployed components count arrives where the deployed alarms look."""

import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from local.deployed import ENVIRONMENT, Deployed
from runtime.core.contract import Metric, Output
from runtime.core.jobs import State
from tests.integration.cloud.waiting import until
from tests.integration.recovery.processors import Processors
from tests.integration.recovery.working import end_of, let_an_hour_pass_for, put, sweep

pytestmark = pytest.mark.cloud


def alarm(deployed: Deployed, name: str) -> dict[str, Any]:
    (found,) = deployed.cloud.client("cloudwatch").describe_alarms(
        AlarmNames=[f"lifestream-{ENVIRONMENT}-{name}"]
    )["MetricAlarms"]
    described: dict[str, Any] = found
    return described


def total(deployed: Deployed, alarm: dict[str, Any]) -> float:
    """Return the sum of exactly the metric that an alarm watches, over the last hour."""
    now = datetime.fromtimestamp(time.time(), UTC)
    points = deployed.cloud.client("cloudwatch").get_metric_statistics(
        **{key: alarm[key] for key in ("Namespace", "MetricName", "Dimensions")},
        Period=3600,
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(float(point["Sum"]) for point in points)


def is_counted(deployed: Deployed, metric: dict[str, Any]) -> bool:
    return total(deployed, metric) >= 1


def await_count(deployed: Deployed, name: str) -> None:
    watched = alarm(deployed, name)
    until(lambda: total(deployed, watched) >= 1, f"{name} sees what happened")


def test_should_see_a_job_that_failed_and_that_its_file_was_to_blame(deployed: Deployed) -> None:
    source = put(deployed, "no-video", b"these are notes, not a video\n")

    assert end_of(deployed, source).state is State.FAILED
    counted = {
        each["Id"]: each["MetricStat"]["Metric"]
        for each in alarm(deployed, "jobs-failed")["Metrics"]
        if "MetricStat" in each
    }
    for name in ("failed", "media"):
        until(partial(is_counted, deployed, counted[name]), f"{name} is counted")
    assert total(deployed, counted["failed"]) == total(deployed, counted["media"])


def test_should_see_jobs_put_back_tasks_stopped_and_sweeps(
    deployed: Deployed, clip: bytes, processors: Processors
) -> None:
    source = put(deployed, "seen-hanging", clip)
    processors.stop(source)
    let_an_hour_pass_for(deployed, source)
    sweep(deployed)

    assert end_of(deployed, source).state is State.SUCCEEDED
    for name in ("jobs-put-back", "tasks-stopped", "sweeps-missing"):
        await_count(deployed, name)
    succeeded = {**alarm(deployed, "jobs-put-back"), "MetricName": Metric.JOBS_SUCCEEDED}
    until(lambda: total(deployed, succeeded) >= 1, "the success is counted")


def test_should_see_a_message_that_no_one_can_read(deployed: Deployed) -> None:
    deployed.cloud.client("sqs").send_message(
        QueueUrl=deployed.outputs[Output.JOBS_QUEUE_URL], MessageBody="not JSON"
    )

    await_count(deployed, "dispatches-failed")
