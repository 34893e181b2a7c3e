"""Everything that costs money by the hour carries the tag that the budget filters by."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from runtime.aws import clients
from runtime.aws.tasks import EcsTaskLauncher, LaunchTarget
from runtime.core.jobs import Source, claim_new
from tests.fakes.aws_endpoint import aws_endpoint, json_answer
from tests.fakes.clock import FakeClock
from tests.infra.templates import Deployment

JOB = claim_new(
    Source(bucket="any", key="uploads/any.mp4", etag="any", size_bytes=1), now=1.0, lease_seconds=60
)
Tags = Mapping[str, str]


def budget_filter(deployment: Deployment) -> tuple[str, str]:
    """Return the key and the value of the tag that the budget counts."""
    _, budget = deployment.only("AWS::Budgets::Budget")
    (text,) = budget["Properties"]["Budget"]["CostFilters"]["TagKeyValue"]
    key, _, value = text.removeprefix("user:").partition("$")
    return key, value


def tags_of(resource: Mapping[str, Any]) -> Tags:
    return {tag["Key"]: tag["Value"] for tag in resource["Properties"]["Tags"]}


def run_task_request(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Any]:
    """Return what the dispatcher asks of ECS for a job."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "any")
    target = LaunchTarget(
        cluster="any",
        task_definition="any:1",
        subnet_ids=("any",),
        security_group_ids=("any",),
        capacity_providers=("FARGATE",),
    )
    with aws_endpoint() as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
        endpoint.script(json_answer({"tasks": [{"taskArn": "arn:started"}], "failures": []}))
        client = clients.ecs("us-east-1")
        EcsTaskLauncher(client, target, sleeper=FakeClock()).launch(JOB)
        client.close()
        return dict(endpoint.calls[0].json)


def effective_tags(request: Mapping[str, Any], definition: Tags) -> Tags:
    """Return the tags of a task: its own, and the task definition's where these propagate."""
    own = {tag["key"]: tag["value"] for tag in request["tags"]}
    inherited = definition if request.get("propagateTags") == "TASK_DEFINITION" else {}
    return {**inherited, **own}


def test_should_count_tasks_that_the_dispatcher_starts(
    on_demand: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, definition = on_demand.only(
        "AWS::ECS::TaskDefinition", Family=f"lifestream-processor-{on_demand.config.name}"
    )
    tags = effective_tags(run_task_request(monkeypatch), tags_of(definition))

    assert budget_filter(on_demand) in tags.items()
    assert tags["lifestream:job_id"] == JOB.job_id


@pytest.mark.parametrize("app", ["pooled", "gpu"])
def test_should_count_tasks_of_services(app: str, request: pytest.FixtureRequest) -> None:
    deployment: Deployment = request.getfixturevalue(app)
    services = deployment.of_type("AWS::ECS::Service").values()

    assert services
    for service in services:
        assert service["Properties"]["PropagateTags"] == "SERVICE"
        assert budget_filter(deployment) in tags_of(service).items()


def test_should_count_machines_with_a_gpu_and_their_volumes(gpu: Deployment) -> None:
    _, group = gpu.only("AWS::AutoScaling::AutoScalingGroup")
    _, template = gpu.only("AWS::EC2::LaunchTemplate")
    propagated: Iterable[Mapping[str, Any]] = (
        tag for tag in group["Properties"]["Tags"] if tag["PropagateAtLaunch"]
    )
    specified = {
        spec["ResourceType"]: {tag["Key"]: tag["Value"] for tag in spec["Tags"]}
        for spec in template["Properties"]["LaunchTemplateData"]["TagSpecifications"]
    }

    assert budget_filter(gpu) in {(tag["Key"], tag["Value"]) for tag in propagated}
    assert budget_filter(gpu) in specified["volume"].items()
