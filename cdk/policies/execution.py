"""What CloudFormation may do when it deploys an environment.

Without such policies, `cdk bootstrap` makes CloudFormation an administrator of the account.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from cdk.assembly import Template, read_environments
from cdk.config import load_environment
from cdk.policies.documents import policies_template
from cdk.policies.reference import ServiceReference, shipped_reference
from cdk.policies.scopes import EnvironmentScope, scoped

HANDLERS = Path(__file__).with_name("handlers.json")
"""The actions that CloudFormation calls for each type of resource, by its registry's schemas."""

ALWAYS = (
    # The version of the bootstrap stack, a parameter of each template; machine images of GPUs.
    "ssm:GetParameters",
    # The functions' code, which the command line uploads.
    "s3:GetObject",
)

_SHIFTED = "AWS::CodeDeploy::DeploymentGroup"
SHIFT = {
    "codedeploy:CreateDeployment",
    "codedeploy:GetApplicationRevision",
    "codedeploy:GetDeployment",
    "codedeploy:GetDeploymentConfig",
    "codedeploy:RegisterApplicationRevision",
}
"""What CloudFormation calls to shift an alias, which is no resource of its own."""

_OTHERS = {
    # AWS WAF can protect these as well; a schema names what each would take.
    *("amplify", "apigateway", "apprunner", "appsync", "bedrock-agentcore", "cloudfront"),
    # Destinations and features that no template uses.
    *("billing", "elasticfilesystem", "firehose", "kinesis", "managed-fleets", "payments"),
    *("s3files", "s3tables", "vpc-lattice", "vpce"),
}
"""Services that schemas name for properties that no template has."""

_DATA = {
    # Imports into new tables, replicas in other regions.
    *("dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"),
    *("dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem"),
    # Contents of buckets, and of log streams.
    *("s3:DeleteObject", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObjectAcl"),
    "logs:PutLogEvents",
    # Users and groups; and whatever EC2 has a Get for, such as passwords of machines.
    *("iam:DeleteGroupPolicy", "iam:DeleteUserPolicy", "iam:GetGroupPolicy"),
    *("iam:GetUserPolicy", "iam:PutGroupPolicy", "iam:PutUserPolicy"),
    *("ec2:Get*", "ssm:Get*"),
}
"""Actions on data and on people, which a deployment does not need."""


def is_used(action: str) -> bool:
    """Return whether an action that a schema names is one that deployments here need."""
    return action not in _DATA and action.partition(":")[0] not in _OTHERS


@cache
def handlers() -> Mapping[str, Sequence[str]]:
    """Return the actions of each type of resource."""
    found: Mapping[str, Sequence[str]] = json.loads(HANDLERS.read_text(encoding="utf-8"))["types"]
    return found


def execution_statements(
    templates: Iterable[Template],
    scope: EnvironmentScope,
    reference: ServiceReference,
    *,
    boundary: str | None = None,
) -> list[dict[str, Any]]:
    """Return the statements that a deployment of these templates needs; raise `LookupError`.

    A type without a known handler is an error: its actions would be missing. With the name of a
    permissions boundary, roles without it can be neither made nor given policies.
    """
    resources = [each for found in templates for each in found.get("Resources", {}).values()]
    types = {each["Type"] for each in resources}
    if unknown := types - handlers().keys():
        raise LookupError(
            f"No handlers of {', '.join(sorted(unknown))}: `python -m scripts.service_reference`"
        )
    needed = {action for kind in types for action in handlers()[kind]}
    if _SHIFTED in types:
        needed |= SHIFT
    needed = _without_repeated(needed)
    passed = needed & _LIMITED.keys()
    bounded = {each for each in needed if boundary and _BOUNDARY in _keys(each, reference)}
    statements = scoped(needed - passed - bounded, scope, reference)
    for statement in scoped(bounded, scope, reference):
        arn = f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:policy/{boundary}"
        statements.append({**statement, "Condition": {"StringEquals": {_BOUNDARY: arn}}})
    statements += _limited(passed, resources, scope, reference)
    statements.append(_allow(["ssm:GetParameters"], _PARAMETERS))
    statements.append(_allow(["s3:GetObject"], ["arn:${AWS::Partition}:s3:::cdk-*-assets-*"]))
    return statements


_BOUNDARY = "iam:PermissionsBoundary"


def _keys(action: str, reference: ServiceReference) -> set[str]:
    return {key for each in reference.matching(action) for key in reference.condition_keys(each)}


def _without_repeated(actions: set[str]) -> set[str]:
    """Return the actions without those that a wildcard among them allows as well."""
    wildcards = {each for each in actions if each.endswith("*")}
    return wildcards | {
        each for each in actions if not any(fnmatchcase(each, found) for found in wildcards)
    }


_PARAMETERS = [
    "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/cdk-bootstrap/*",
    "arn:${AWS::Partition}:ssm:${AWS::Region}::parameter/aws/service/*",
]

_LIMITED = {
    "iam:PassRole": "iam:PassedToService",
    "iam:CreateServiceLinkedRole": "iam:AWSServiceName",
}
"""Actions that are limited to services, and the condition key that does so."""

_LINKED = {
    "AWS::ApplicationAutoScaling::ScalableTarget": "ecs.application-autoscaling.amazonaws.com",
    "AWS::AutoScaling::AutoScalingGroup": "autoscaling.amazonaws.com",
    "AWS::Backup::BackupPlan": "backup.amazonaws.com",
    "AWS::ECS::Cluster": "ecs.amazonaws.com",
    "AWS::ElastiCache::ServerlessCache": "elasticache.amazonaws.com",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "elasticloadbalancing.amazonaws.com",
    "AWS::WAFv2::LoggingConfiguration": "wafv2.amazonaws.com",
}
"""Types whose first resource in an account makes a service-linked role."""


def _limited(
    actions: Iterable[str],
    resources: Sequence[Mapping[str, Any]],
    scope: EnvironmentScope,
    reference: ServiceReference,
) -> Iterator[dict[str, Any]]:
    services = {
        "iam:PassRole": _trusted(resources),
        "iam:CreateServiceLinkedRole": sorted(
            {_LINKED[each["Type"]] for each in resources if each["Type"] in _LINKED}
        ),
    }
    for action in sorted(actions):
        for statement in scoped([action], scope, reference):
            statement["Condition"] = {"StringEquals": {_LIMITED[action]: services[action]}}
            statement["Resource"] = [
                arn
                for arn in statement["Resource"]
                if ("aws-service-role" in arn) is (action == "iam:CreateServiceLinkedRole")
            ]
            yield statement


def _trusted(resources: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the services that the roles of a template trust."""
    return sorted(
        {
            service
            for each in resources
            if each["Type"] == "AWS::IAM::Role"
            for statement in each["Properties"]["AssumeRolePolicyDocument"]["Statement"]
            for service in [statement.get("Principal", {}).get("Service")]
            if isinstance(service, str)
        }
    )


def _allow(actions: list[str], resources: list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def execution_template(root: Path, assembly: Path, environment: str) -> dict[str, Any]:
    """Return the template of the policies for an environment of a synthesized assembly."""
    guardrails = load_environment(root / "environments" / f"{environment}.toml").guardrails
    scope = EnvironmentScope(environment=environment, role_path=guardrails.role_path or "/")
    statements = execution_statements(
        [each.template for each in read_environments(assembly)[environment]],
        scope,
        shipped_reference(),
        boundary=guardrails.permissions_boundary,
    )
    return policies_template("execution", environment, statements)
