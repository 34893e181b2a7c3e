"""The alarms of a deployment, and the pages that say what to do about them."""

from collections.abc import Mapping
from typing import Any

from tests.infra.conftest import ROOT
from tests.infra.templates import Deployment

RUNBOOKS = ROOT / "docs" / "runbooks"
PAGES = sorted(path for path in RUNBOOKS.glob("*.md") if path.name != "README.md")

Alarm = Mapping[str, Any]


def alarms(deployment: Deployment) -> dict[str, Alarm]:
    """Return the alarms' properties by name, without the environment's prefix."""
    prefix = f"lifestream-{deployment.config.name}-"
    found = [alarm["Properties"] for alarm in for_people(deployment).values()]
    return {alarm["AlarmName"].removeprefix(prefix): alarm for alarm in found}


def for_people(deployment: Deployment) -> dict[str, Alarm]:
    """Return the alarms by logical id, without those that only drive scaling."""
    return {
        logical_id: resource
        for logical_id, resource in deployment.stacks["observability"]["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }


def watched(deployment: Deployment) -> set[tuple[str, str, str]]:
    """Return namespace, metric and dimension of every alarm on a single metric."""
    return {
        (alarm["Namespace"], alarm["MetricName"], named(deployment, alarm))
        for alarm in alarms(deployment).values()
        if "MetricName" in alarm
    }


def named(deployment: Deployment, alarm: Alarm) -> str:
    (dimension,) = alarm["Dimensions"]
    logical_id = deployment.render(dimension["Value"]).strip("<>").removesuffix(".QueueName")
    for kind, key in {
        "AWS::SQS::Queue": "QueueName",
        "AWS::Lambda::Function": "FunctionName",
    }.items():
        found = deployment.of_type(kind).get(logical_id)
        if found is not None:
            return str(found["Properties"][key])
    return str(logical_id)
