"""Every statement of every policy in every template: of roles, and of what roles act upon."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.infra.conftest import ENVIRONMENTS, POOLED
from tests.infra.templates import Deployment

WITH_GPU = "dev with a GPU"

ANY_RESOURCE = {
    "ecr:GetAuthorizationToken": "knows no resource",
    "ecs:DiscoverPollEndpoint": "asked before a GPU machine belongs to a cluster",
    "ecs:ListTasks": "knows no task resource; limited by a condition on the cluster",
    "xray:PutTraceSegments": "knows no resource",
    "kms:*": "of a key's policy, this key; each statement has a principal and mostly a condition",
}
"""All that may be allowed on the resource `*`, and why; at most six."""

MOST = 6

ENDPOINT = "AWS::EC2::VPCEndpoint"
"""Its policies grant nothing: they limit what the policies of roles grant."""

CONDITIONS = {
    "ecs:RunTask": "ecs:cluster",
    "ecs:StopTask": "ecs:cluster",
    "ecs:ListTasks": "ecs:cluster",
    "ecs:UpdateTaskProtection": "ecs:cluster",
    "ecs:GetTaskProtection": "ecs:cluster",
    "ecs:TagResource": "ecs:CreateAction",
    "iam:PassRole": "iam:PassedToService",
}
"""What roles may do only under a condition that AWS knows for it."""

SOURCES = {
    *("aws:SourceAccount", "aws:SourceArn", "kms:EncryptionContext:aws:logs:arn"),
    "kms:EncryptionContext:aws:ecs:clusterAccount",
}
"""By which a statement says for whom a service may act."""

UNSOURCED = {
    "ec2.amazonaws.com": "gives a GPU machine its role, and states no source",
    "lambda.amazonaws.com": "runs a function by its role, for no one else, and states no source",
}
"""Services that are trusted without a word on whose behalf, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A statement that allows something; `kind` is the type of the resource it belongs to."""

    where: str
    kind: str
    actions: frozenset[str]
    resources: frozenset[str]
    services: frozenset[str]
    conditions: frozenset[str]


@pytest.fixture(params=(*ENVIRONMENTS, POOLED, WITH_GPU))
def deployment(request: pytest.FixtureRequest) -> Deployment:
    """Every kind of environment there is, that with a GPU as well."""
    if request.param in ENVIRONMENTS:
        found: Deployment = request.getfixturevalue("deployments")[request.param]
    else:
        found = request.getfixturevalue("pooled" if request.param == POOLED else "gpu")
    return found


def everything(deployment: Deployment) -> list[Found]:
    """Return every statement with the effect Allow, wherever in a resource it stands."""
    return [
        _found(deployment, f"{stack}/{logical_id}", resource["Type"], statement)
        for stack, template in deployment.stacks.items()
        for logical_id, resource in template["Resources"].items()
        for statement in _statements(resource.get("Properties", {}))
        if statement["Effect"] == "Allow"
    ]


def _statements(value: Any) -> Iterator[Mapping[str, Any]]:
    match value:
        case {"Statement": list(statements)}:
            yield from statements
        case dict():
            for inner in value.values():
                yield from _statements(inner)
        case list():
            for inner in value:
                yield from _statements(inner)


def _found(deployment: Deployment, where: str, kind: str, statement: Mapping[str, Any]) -> Found:
    principal = statement.get("Principal", {})
    services = principal.get("Service", []) if isinstance(principal, dict) else []
    return Found(
        where=where,
        kind=kind,
        actions=frozenset(_many(statement["Action"])),
        resources=frozenset(_many(deployment.render(statement.get("Resource", [])))),
        services=frozenset(deployment.render(_many(services))),
        conditions=frozenset(
            key for operator in statement.get("Condition", {}).values() for key in operator
        ),
    )


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_should_find_policies_of_every_kind(deployment: Deployment) -> None:
    found = everything(deployment)

    assert {statement.kind for statement in found} >= {
        *("AWS::IAM::Policy", "AWS::IAM::Role", "AWS::KMS::Key", "AWS::SQS::QueuePolicy"),
        *("AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy", "AWS::EC2::VPCEndpoint"),
    }
    assert len(found) > 40


def test_should_allow_any_resource_only_where_there_is_no_other(deployment: Deployment) -> None:
    unlimited = {
        "kms:*" if statement.kind == "AWS::KMS::Key" else action
        for statement in everything(deployment)
        if "*" in statement.resources and statement.kind != ENDPOINT
        for action in statement.actions
    }

    assert unlimited <= set(ANY_RESOURCE)
    assert len(ANY_RESOURCE) <= MOST


def test_should_have_no_reason_for_what_no_one_does(
    deployments: Mapping[str, Deployment], gpu: Deployment
) -> None:
    used = {
        "kms:*" if statement.kind == "AWS::KMS::Key" else action
        for deployment in (*deployments.values(), gpu)
        for statement in everything(deployment)
        if "*" in statement.resources and statement.kind != ENDPOINT
        for action in statement.actions
    }

    assert used == set(ANY_RESOURCE)


def test_should_allow_no_action_by_wildcard(deployment: Deployment) -> None:
    for statement in everything(deployment):
        if statement.kind != ENDPOINT:
            assert not [action for action in statement.actions if "*" in action], statement.where


def test_should_admit_this_account_alone_to_endpoints(deployment: Deployment) -> None:
    for statement in everything(deployment):
        # ECR signs URLs of layers with credentials of its own.
        layers = any("starport-layer-bucket" in resource for resource in statement.resources)
        if statement.kind == ENDPOINT and not layers:
            assert statement.conditions == {"aws:PrincipalAccount"}, statement.where


def test_should_allow_under_conditions_where_aws_knows_some(deployment: Deployment) -> None:
    for statement in everything(deployment):
        for action in statement.actions & set(CONDITIONS):
            assert CONDITIONS[action] in statement.conditions, (statement.where, action)


def test_should_use_keys_through_services_only(deployment: Deployment) -> None:
    for statement in everything(deployment):
        if statement.kind == "AWS::IAM::Policy" and any(
            action.startswith("kms:") for action in statement.actions
        ):
            assert statement.conditions == {"kms:ViaService"}, statement.where
            assert "*" not in statement.resources


def unsourced(deployment: Deployment) -> set[str]:
    """Return the services that are trusted without a word on whose behalf."""
    return {
        service
        for statement in everything(deployment)
        if not statement.conditions & SOURCES
        for service in statement.services
    }


def test_should_let_services_act_for_this_account_only(
    deployment: Deployment, gpu: Deployment
) -> None:
    assert unsourced(deployment) <= set(UNSOURCED)
    assert unsourced(gpu) == set(UNSOURCED)


def test_should_let_services_invoke_functions_for_one_source_only(deployment: Deployment) -> None:
    permissions = deployment.of_type("AWS::Lambda::Permission")

    assert permissions
    for permission in permissions.values():
        assert permission["Properties"]["SourceArn"]


def test_should_reach_objects_by_prefix_only(deployment: Deployment) -> None:
    for statement in everything(deployment):
        if statement.kind != "AWS::IAM::Policy":
            continue
        for resource in statement.resources:
            bucket, slash, prefix = resource.rpartition(":::")[2].partition("/")
            if ":s3:::" in resource and slash:
                assert prefix in {"uploads/*", "work/*", "results/*"}, (statement.where, bucket)


def test_should_trust_no_other_account(deployment: Deployment) -> None:
    for template in deployment.stacks.values():
        for resource in template["Resources"].values():
            for statement in _statements(resource.get("Properties", {})):
                principal = statement.get("Principal")
                if statement["Effect"] == "Deny" or resource["Type"] == "AWS::EC2::VPCEndpoint":
                    continue
                assert principal is None or set(principal) <= {"Service", "AWS"}
                for account in _many((principal or {}).get("AWS", [])):
                    rendered = deployment.render(account)
                    assert rendered == "arn:<AWS::Partition>:iam::<AWS::AccountId>:root"
