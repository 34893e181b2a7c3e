"""What must hold of the queue in which jobs wait for a worker, and of who fills it."""

from collections.abc import Mapping
from typing import Any

import pytest

from cdk.naming import Names
from runtime.core.contract import Compute, EnvVar, Output
from runtime.dispatcher.settings import read_settings
from runtime.reaper.settings import read_reaper_settings
from tests.infra.conftest import ROOT, synthesize
from tests.infra.templates import Deployment, Resource


@pytest.fixture(scope="module")
def standby() -> Deployment:
    """An environment that has workers left from a pool, and starts new jobs on demand."""
    dev = (ROOT / "environments" / "dev.toml").read_text()
    return synthesize(dev.replace("standby = false", "standby = true"))


def queue(deployment: Deployment, what: str) -> tuple[str, Resource]:
    name = f"lifestream-{what}-{deployment.config.name}"
    logical_id, found = deployment.only("AWS::SQS::Queue", QueueName=name)
    properties: Resource = found["Properties"]
    return logical_id, properties


def variables(deployment: Deployment) -> Mapping[str, Any]:
    rendered: Mapping[str, Any] = deployment.render(
        deployment.function("dispatcher")["Environment"]["Variables"]
    )
    return rendered


def jobs_queue_arn(deployment: Deployment) -> str:
    logical_id, _ = queue(deployment, "jobs")
    return f"<{logical_id}.Arn>"


def may_send_to(deployment: Deployment) -> set[str]:
    return {
        resource
        for s in deployment.of_role(deployment.role_of_function("dispatcher"))
        if "sqs:SendMessage" in s.actions
        for resource in s.resources
    }


def test_should_have_no_work_queue_without_workers(on_demand: Deployment) -> None:
    names = {q["Properties"]["QueueName"] for q in on_demand.of_type("AWS::SQS::Queue").values()}

    assert Names(on_demand.config.name).work_queue not in names
    assert variables(on_demand)[EnvVar.LAUNCH] == "on_demand"
    assert EnvVar.WORK_QUEUE_URL not in variables(on_demand)
    assert may_send_to(on_demand) == {jobs_queue_arn(on_demand)}


def test_should_be_as_patient_as_configured(pooled: Deployment) -> None:
    pool = pooled.config.pool
    dead_letters, _ = queue(pooled, "work-dlq")
    _, properties = queue(pooled, "work")

    assert pool is not None
    assert properties["VisibilityTimeout"] == pool.visibility_timeout_seconds
    assert pooled.render(properties["RedrivePolicy"]) == {
        "deadLetterTargetArn": f"<{dead_letters}.Arn>",
        "maxReceiveCount": pool.max_receive_count,
    }


def test_should_keep_jobs_that_wait_for_as_long_as_sqs_can(pooled: Deployment) -> None:
    fortnight = 14 * 86400

    assert queue(pooled, "work")[1]["MessageRetentionPeriod"] == fortnight
    assert queue(pooled, "work-dlq")[1]["MessageRetentionPeriod"] == fortnight


def test_should_publish_where_jobs_wait(pooled: Deployment) -> None:
    outputs = pooled.outputs()

    assert outputs[Output.WORK_QUEUE_URL] == f"<{queue(pooled, 'work')[0]}>"
    assert outputs[Output.WORK_DLQ_URL] == f"<{queue(pooled, 'work-dlq')[0]}>"


def test_should_send_jobs_to_the_workers_queue_and_to_no_other(pooled: Deployment) -> None:
    work, _ = queue(pooled, "work")
    environment = variables(pooled)

    read_settings({**environment, EnvVar.AWS_REGION: "set by Lambda"})

    assert environment[EnvVar.LAUNCH] == "pool"
    assert environment[EnvVar.WORK_QUEUE_URL] == f"<{work}>"
    assert may_send_to(pooled) == {f"<{work}.Arn>"}


def test_should_have_the_reaper_ask_for_the_queues_length(pooled: Deployment) -> None:
    work, _ = queue(pooled, "work")
    environment = pooled.render(pooled.function("reaper")["Environment"]["Variables"])

    settings = read_reaper_settings({**environment, EnvVar.AWS_REGION: "set by Lambda"})

    assert settings.work_queue_urls == {Compute.CPU: f"<{work}>"}


def test_should_let_functions_name_no_queue_that_is_not_filled(standby: Deployment) -> None:
    for function in ("dispatcher", "reaper"):
        assert "lifestream-work" not in str(standby.render(standby.function(function)))
        assert EnvVar.WORK_QUEUE_URL not in standby.function(function)["Environment"]["Variables"]


def test_should_keep_the_queue_and_fill_it_no_more_on_standby(standby: Deployment) -> None:
    queue(standby, "work")

    assert variables(standby)[EnvVar.LAUNCH] == "on_demand"
    assert EnvVar.WORK_QUEUE_URL not in variables(standby)
    assert may_send_to(standby) == {jobs_queue_arn(standby)}
