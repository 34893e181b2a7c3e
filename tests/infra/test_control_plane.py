"""What must hold of the reaper: its schedule, its settings, where its failures go."""

from collections.abc import Mapping
from typing import Any

from runtime.core.contract import REAPER_HANDLER, EnvVar
from runtime.reaper.settings import read_reaper_settings
from tests.infra.templates import Deployment


def reaper(deployment: Deployment) -> Mapping[str, Any]:
    return deployment.function("reaper")


def reaper_id(deployment: Deployment) -> str:
    logical_id, _ = deployment.only("AWS::Lambda::Function", Handler=REAPER_HANDLER)
    return logical_id


def dead_letters(deployment: Deployment) -> str:
    name = f"lifestream-reaper-dlq-{deployment.config.name}"
    logical_id, _ = deployment.only("AWS::SQS::Queue", QueueName=name)
    return logical_id


def rules(deployment: Deployment) -> dict[str, Mapping[str, Any]]:
    """Return the properties of the rules, by logical id."""
    found = deployment.of_type("AWS::Events::Rule")
    return {logical_id: rule["Properties"] for logical_id, rule in found.items()}


def test_should_run_code_of_its_own(deployment: Deployment) -> None:
    assert reaper(deployment)["Handler"] == REAPER_HANDLER
    assert reaper(deployment)["Code"] != deployment.function("dispatcher")["Code"]


def test_should_tell_the_reaper_what_it_must_know(deployment: Deployment) -> None:
    variables = deployment.render(reaper(deployment)["Environment"]["Variables"])
    cluster, _ = deployment.only("AWS::ECS::Cluster")
    queue, _ = deployment.only(
        "AWS::SQS::Queue", QueueName=f"lifestream-jobs-{deployment.config.name}"
    )

    settings = read_reaper_settings({**variables, EnvVar.AWS_REGION: "set by Lambda"})

    assert settings.cluster == f"<{cluster}>"
    assert settings.jobs_queue_url == f"<{queue}>"
    assert settings.budget.max_runs == deployment.config.reaper.max_attempts
    assert settings.budget.silence_seconds == deployment.config.reaper.silence_seconds
    assert settings.budget.job_timeout_seconds == deployment.config.processor.job_timeout_seconds


def test_should_give_the_reaper_time_for_many_jobs(deployment: Deployment) -> None:
    assert reaper(deployment)["Timeout"] >= 60


def test_should_reserve_concurrency_only_where_it_is_asked_for(deployment: Deployment) -> None:
    reserved = reaper(deployment).get("ReservedConcurrentExecutions")

    assert reserved == deployment.config.reaper.reserved_concurrency


def test_should_hear_of_stopped_tasks_of_this_cluster_only(deployment: Deployment) -> None:
    cluster, _ = deployment.only("AWS::ECS::Cluster")
    patterns = [
        deployment.render(rule["EventPattern"])
        for rule in rules(deployment).values()
        if "EventPattern" in rule
    ]

    assert patterns == [
        {
            "source": ["aws.ecs"],
            "detail-type": ["ECS Task State Change"],
            "detail": {"clusterArn": [f"<{cluster}.Arn>"], "lastStatus": ["STOPPED"]},
        }
    ]


def test_should_sweep_and_reconcile_by_a_schedule(deployment: Deployment) -> None:
    schedules = {
        rule["ScheduleExpression"]
        for rule in rules(deployment).values()
        if "ScheduleExpression" in rule
    }

    sweep = f"rate({deployment.config.reaper.sweep_minutes} minutes)"
    assert schedules == {sweep, "rate(1 hour)"}


def test_should_wake_the_reaper_and_keep_what_does_not_reach_it(deployment: Deployment) -> None:
    function, queue = reaper_id(deployment), dead_letters(deployment)

    for rule in rules(deployment).values():
        (target,) = deployment.render(rule["Targets"])
        assert rule["State"] == "ENABLED"
        assert target["Arn"] == f"<{function}.Arn>"
        assert target["DeadLetterConfig"] == {"Arn": f"<{queue}.Arn>"}


def test_should_let_each_rule_invoke_the_reaper(deployment: Deployment) -> None:
    permissions = [
        deployment.render(permission["Properties"])
        for permission in deployment.of_type("AWS::Lambda::Permission").values()
    ]

    assert {permission["FunctionName"] for permission in permissions} == {
        f"<{reaper_id(deployment)}.Arn>"
    }
    assert {permission["SourceArn"] for permission in permissions} == {
        f"<{logical_id}.Arn>" for logical_id in rules(deployment)
    }


def test_should_try_an_event_again_and_then_keep_it(deployment: Deployment) -> None:
    _, config = deployment.only("AWS::Lambda::EventInvokeConfig")
    properties = deployment.render(config["Properties"])

    assert properties["FunctionName"] == f"<{reaper_id(deployment)}>"
    assert properties["MaximumRetryAttempts"] == 2
    assert properties["DestinationConfig"] == {
        "OnFailure": {"Destination": f"<{dead_letters(deployment)}.Arn>"}
    }
