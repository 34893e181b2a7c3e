"""What the role of a blue/green deployment must be allowed."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import iam

from local.emulator.ecs.blue_green.traffic import balanced
from local.emulator.permissions.load_balancers import problem
from local.emulator.services import managed_policies
from tests.unit.local.emulator.ecs.blue_green.services import ROLE, load_balancer, service

ECS = {"Service": "ecs.amazonaws.com"}


@pytest.fixture(autouse=True)
def no_roles() -> Iterator[None]:
    yield
    iam._roles.clear()


def add_role(policy: dict[str, Any] | str, *, trusts: Any = ECS) -> None:
    trust = {"Effect": "Allow", "Principal": trusts, "Action": "sts:AssumeRole"}
    document = policy if isinstance(policy, str) else json.dumps(policy)
    iam._roles["any"] = {
        "Arn": ROLE,
        "RoleName": "any",
        "AssumeRolePolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        "InlinePolicies": {"any": document},
        "AttachedPolicies": [],
    }


def found(**changes: Any) -> str:
    record = service(loadBalancers=[load_balancer(**changes)])
    return str(problem(None, record, balanced(record)[0]))


def test_should_be_content_with_the_managed_policy() -> None:
    add_role(managed_policies.document())
    assert found() == ""


def test_should_find_a_role_that_is_missing_or_trusts_another_service() -> None:
    assert f"missing permissions on ECS Infrastructure Role '{ROLE}'" in found()
    add_role(managed_policies.document(), trusts={"Service": "lambda.amazonaws.com"})
    assert "missing permissions" in found()


@pytest.mark.parametrize(
    "action",
    ["DescribeRules", "DescribeTargetHealth", "RegisterTargets", "DeregisterTargets", "ModifyRule"],
)
def test_should_find_each_right_that_is_missing(action: str) -> None:
    policy = json.loads(managed_policies.document())
    for statement in policy["Statement"]:
        statement["Action"] = [a for a in statement["Action"] if not a.endswith(f":{action}")]
    policy["Statement"] = [each for each in policy["Statement"] if each["Action"]]
    add_role(policy)
    assert "missing permissions" in found()


def test_should_ask_for_every_rule_that_is_changed() -> None:
    policy = json.loads(managed_policies.document())
    policy["Statement"][-1]["Resource"] = "arn:aws:elasticloadbalancing:*:*:*/production"
    add_role(policy)
    assert "missing permissions" in found()
    assert found(testListenerRule=None) == ""
