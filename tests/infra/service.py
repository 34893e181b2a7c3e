"""The settings that tests give the service tier, its resources, and what both hostings grant."""

from collections.abc import Iterator, Mapping
from typing import Any

from cdk.naming import Names
from tests.infra.templates import Deployment

SERVICE: dict[str, Any] = {
    "enabled": True,
    "api_url": "https://api.videos.example.com",
    "web_url": "https://videos.example.com",
    "certificate_arn": "arn:aws:acm:us-east-1:111122223333:certificate/any",
}

ISSUER = {"oidc_issuer": "https://login.example.com/", "oidc_client_id": "pages"}
GIVEN = {"prod": SERVICE, "dev": {**SERVICE, **ISSUER, "ingress": ["203.0.113.0/24"]}}
"""Production with a user pool and blue/green, development with an issuer of its own."""


def dead_letter_rights(deployment: Deployment, role: str) -> set[str]:
    """Return what a role, given by logical id, may do with the jobs queue's dead letters."""
    name = Names(deployment.config.name).jobs_dlq
    letters, queue = deployment.only("AWS::SQS::Queue", QueueName=name)
    assert "RedrivePolicy" not in queue["Properties"], "receives would move what is looked at"
    return {
        action
        for statement in deployment.of_role(role)
        if f"<{letters}.Arn>" in statement.resources and statement.effect == "Allow"
        for action in statement.actions
    }


def properties(deployment: Deployment, kind: str, **chosen: Any) -> Mapping[str, Any]:
    _, found = deployment.only(kind, **chosen)
    rendered: Mapping[str, Any] = deployment.render(found["Properties"])
    return rendered


def all_of(deployment: Deployment, kind: str) -> Iterator[Mapping[str, Any]]:
    for resource in deployment.of_type(kind).values():
        yield deployment.render(resource["Properties"])


def definition(deployment: Deployment, name: str) -> Mapping[str, Any]:
    family = f"lifestream-{name}-{deployment.config.name}"
    return properties(deployment, "AWS::ECS::TaskDefinition", Family=family)


def container(deployment: Deployment, name: str) -> Mapping[str, Any]:
    (only,) = definition(deployment, name)["ContainerDefinitions"]
    found: Mapping[str, Any] = only
    return found


def variables(deployment: Deployment, name: str) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in container(deployment, name)["Environment"]}


def ecs_service(deployment: Deployment, name: str) -> Mapping[str, Any]:
    service_name = f"lifestream-{name}-{deployment.config.name}"
    return properties(deployment, "AWS::ECS::Service", ServiceName=service_name)


def media_name(deployment: Deployment) -> str:
    return f"lifestream-media-{deployment.config.name}-<AWS::AccountId>-<AWS::Region>"
