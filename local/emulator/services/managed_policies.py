"""Gap (1.5.33, upstream): IAM lacks the managed policy of ECS's role for load balancers."""

import json
from typing import Any

from ministack.services import iam

from local.emulator.patching import patch

NAME = "AmazonECSInfrastructureRolePolicyForLoadBalancers"
LOAD_BALANCING = "arn:aws:elasticloadbalancing:*:*"
GRANTS = (
    (("DescribeListeners", "DescribeRules", "DescribeTargetGroups", "DescribeTargetHealth"), "*"),
    (("RegisterTargets", "DeregisterTargets"), f"{LOAD_BALANCING}:targetgroup/*/*"),
    (("ModifyListener",), f"{LOAD_BALANCING}:listener/app/*/*/*"),
    (("ModifyListener",), f"{LOAD_BALANCING}:listener/net/*/*/*"),
    (("ModifyRule",), f"{LOAD_BALANCING}:listener-rule/app/*/*/*/*"),
)
"""What AWS's reference of managed policies says that it grants."""


def document() -> str:
    """Return the policy."""
    statements = [
        {
            "Effect": "Allow",
            "Action": [f"elasticloadbalancing:{action}" for action in actions],
            "Resource": resource,
        }
        for actions, resource in GRANTS
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def add() -> None:
    """Let roles have the policy."""
    record = iam._make_aws_managed_record(NAME, document(), "Load balancers of ECS services.")
    iam._aws_managed_policies[record["Arn"]] = record


@patch(iam, "_seed_aws_managed_policies")
def seed(original: Any) -> None:
    """Add the policy also after a reset."""
    original()
    add()
