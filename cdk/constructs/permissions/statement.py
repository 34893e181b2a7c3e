"""A policy statement, and a role of a service, in the terms that all of them share."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from constructs import Construct


def allow(
    actions: Sequence[str], *resources: str, conditions: Mapping[str, Any] | None = None
) -> iam.PolicyStatement:
    """Return the statement that allows actions on resources."""
    return iam.PolicyStatement(
        actions=list(actions), resources=list(resources), conditions=conditions
    )


def let_service(
    sid: str,
    service: str,
    source: str,
    actions: Sequence[str],
    resource: str,
    *,
    match: str = "ArnLike",
) -> iam.PolicyStatement:
    """Return the statement of a resource policy that lets a service act for one source.

    The source is of this account; `match` is the operator that compares its ARN.
    """
    return iam.PolicyStatement(
        sid=sid,
        principals=[iam.ServicePrincipal(f"{service}.amazonaws.com")],
        actions=list(actions),
        resources=[resource],
        conditions={
            "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
            match: {"aws:SourceArn": source},
        },
    )


def service_role(
    scope: Construct,
    construct_id: str,
    service: str,
    *statements: iam.PolicyStatement,
    description: str | None = None,
) -> iam.Role:
    """Return a new role with these rights, which a service assumes for this account alone."""
    principal = iam.ServicePrincipal(
        f"{service}.amazonaws.com",
        conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
    )
    role = iam.Role(scope, construct_id, description=description, assumed_by=principal)
    for statement in statements:
        role.add_to_policy(statement)
    return role
