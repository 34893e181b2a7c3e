"""What CloudFormation may do to deploy an environment: what every resource needs, and no more."""

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

from cdk.naming import Names
from cdk.policies.check import unknown
from cdk.policies.documents import MOST_CHARACTERS, MOST_POLICIES, packed, policies_template, size
from cdk.policies.execution import execution_statements, handlers
from cdk.policies.reference import shipped_reference
from cdk.policies.scopes import EnvironmentScope, example
from cdk.policies.statements import PolicyStatement
from tests.infra.conftest import ROOT
from tests.infra.templates import Deployment

REFERENCE = shipped_reference()
SNAPSHOTS = ROOT / "tests" / "infra" / "__snapshots__"
ACCESS = (
    SNAPSHOTS / "test_promotion" / "test_should_synthesize_the_accepted_template[Access-dev].json"
)
SERVICE = sorted((SNAPSHOTS / "test_service").glob("*[[]dev-*.json"))

SERVICE_LINKED = "iam:CreateServiceLinkedRole"


_made: dict[tuple[int, str | None], tuple[Deployment, list[dict[str, Any]]]] = {}
"""By the identity of a deployment, which lives as long as its statements are kept."""


def statements_of(deployment: Deployment, *, boundary: str | None = None) -> list[dict[str, Any]]:
    """Return what CloudFormation may do to deploy it; made once, so tests only read it."""
    key = id(deployment), boundary
    if key not in _made:
        scope = EnvironmentScope(environment=deployment.config.name)
        stacks = deployment.stacks.values()
        _made[key] = (
            deployment,
            execution_statements(stacks, scope, REFERENCE, boundary=boundary),
        )
    return _made[key][1]


def allowed(statements: list[dict[str, Any]], action: str, arn: str) -> bool:
    return any(
        any(fnmatchcase(action, given) for given in statement["Action"])
        and any(fnmatchcase(arn, example(resource)) for resource in statement["Resource"])
        for statement in statements
    )


def test_should_allow_what_every_resource_of_every_template_needs(
    deployment: Deployment, gpu: Deployment
) -> None:
    for each in (deployment, gpu):
        given = {action for statement in statements_of(each) for action in statement["Action"]}
        for stack in each.stacks.values():
            for resource in stack["Resources"].values():
                for action in handlers()[resource["Type"]]:
                    assert any(fnmatchcase(action, one) for one in given), (resource, action)


@pytest.mark.parametrize("path", [ACCESS, *SERVICE], ids=lambda path: path.stem[-20:])
def test_should_know_the_handlers_of_the_service_and_of_promotion(path: Any) -> None:
    template = json.loads(path.read_text())

    assert execution_statements([template], EnvironmentScope(environment="dev"), REFERENCE)


def test_should_refuse_a_type_whose_handlers_are_unknown() -> None:
    template = {"Resources": {"Any": {"Type": "AWS::Braket::Any", "Properties": {}}}}

    with pytest.raises(LookupError, match="AWS::Braket::Any"):
        execution_statements([template], EnvironmentScope(environment="dev"), REFERENCE)


def test_should_state_only_what_aws_knows(deployment: Deployment) -> None:
    statements = [
        PolicyStatement(
            where="execution",
            owner="AWS::IAM::ManagedPolicy",
            actions=tuple(statement["Action"]),
            resources=tuple(example(each) for each in statement["Resource"]),
            condition_keys=tuple(
                key for keys in statement.get("Condition", {}).values() for key in keys
            ),
            federated=(),
        )
        for statement in statements_of(deployment)
    ]

    assert unknown(statements, REFERENCE) == []


NAMED = {
    "lambda:CreateFunction": ("lambda:us-east-1:111122223333:function:", ("dispatcher", "events")),
    "sqs:CreateQueue": ("sqs:us-east-1:111122223333:", ("jobs_queue", "gpu_work_dlq")),
    "dynamodb:CreateTable": ("dynamodb:us-east-1:111122223333:table/", ("jobs_table",)),
    "logs:CreateLogGroup": (
        "logs:us-east-1:111122223333:log-group:",
        ("processor_log_group", "flow_log_group", "firewall_log_group", "command_log_group"),
    ),
    "ecs:CreateCluster": ("ecs:us-east-1:111122223333:cluster/", ("cluster",)),
    "ecs:RegisterTaskDefinition": (
        "ecs:us-east-1:111122223333:task-definition/",
        ("processor", "worker", "gpu_worker", "api"),
    ),
    "ecr:CreateRepository": (
        "ecr:us-east-1:111122223333:repository/",
        ("processor", "service_images"),
    ),
    "sns:CreateTopic": ("sns:us-east-1:111122223333:", ("alarm_topic",)),
}


@pytest.mark.parametrize("action", NAMED)
def test_should_reach_the_environments_names_and_no_others(
    action: str, deployments: Mapping[str, Deployment]
) -> None:
    statements = statements_of(deployments["prod"])
    base, kinds = NAMED[action]
    for kind in kinds:
        mine, others = (
            f"arn:aws:{base}{getattr(Names(name), kind)}"
            + (":1" if action.endswith("TaskDefinition") else "")
            for name in ("prod", "staging")
        )

        assert allowed(statements, action, mine), mine
        assert not allowed(statements, action, others), others


def test_should_pass_only_the_environments_roles_to_the_services_that_they_trust(
    deployments: Mapping[str, Deployment],
) -> None:
    (passing,) = (s for s in statements_of(deployments["prod"]) if "iam:PassRole" in s["Action"])
    services = passing["Condition"]["StringEquals"]["iam:PassedToService"]

    assert {"ecs-tasks.amazonaws.com", "lambda.amazonaws.com"} <= set(services)
    assert all(":role/lifestream-pro" in arn for arn in passing["Resource"])


def test_should_make_service_linked_roles_of_services_in_use_alone(
    deployments: Mapping[str, Deployment],
) -> None:
    (linked,) = (s for s in statements_of(deployments["prod"]) if SERVICE_LINKED in s["Action"])

    assert "ecs.amazonaws.com" in linked["Condition"]["StringEquals"]["iam:AWSServiceName"]
    assert all("/aws-service-role/" in arn for arn in linked["Resource"])


def test_should_limit_roles_by_the_boundary_of_the_account(
    deployments: Mapping[str, Deployment],
) -> None:
    statements = statements_of(deployments["dev"], boundary="limits")
    (making,) = (s for s in statements if "iam:CreateRole" in s["Action"])

    assert making["Condition"]["StringEquals"]["iam:PermissionsBoundary"].endswith("policy/limits")
    assert "iam:PutRolePolicy" in making["Action"]


def test_should_allow_no_reading_of_data(deployment: Deployment) -> None:
    given = {action for statement in statements_of(deployment) for action in statement["Action"]}
    data = {"dynamodb:GetItem", "dynamodb:Scan", "sqs:ReceiveMessage", "s3:DeleteObject"}

    assert not given & data
    assert not allowed(statements_of(deployment), "s3:GetObject", "arn:aws:s3:::lifestream-any/any")


def test_should_fit_the_sizes_of_iam(deployment: Deployment) -> None:
    statements = statements_of(deployment)
    policies = list(packed(statements))
    template = policies_template("execution", deployment.config.name, statements)

    assert all(size(policy) <= MOST_CHARACTERS for policy in policies)
    assert len(policies) <= MOST_POLICIES
    assert len(template["Resources"]) == len(policies)
    assert [one for policy in policies for one in policy] == statements


def test_should_split_a_statement_that_is_too_large_for_a_policy() -> None:
    actions = [f"any:Action{number}" for number in range(1000)]
    policies = list(packed([{"Effect": "Allow", "Action": actions, "Resource": ["*"]}]))

    assert all(size(policy) <= MOST_CHARACTERS for policy in policies)
    assert [a for policy in policies for one in policy for a in one["Action"]] == actions
