"""The settings of the service tier that tests give it, and what both hostings must grant."""

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
