"""Gap (1.5.33, upstream): ECS changes load balancers without rights; asks the service's role."""

from local.emulator.ecs.blue_green import shifting
from local.emulator.ecs.blue_green.run import Record
from local.emulator.ecs.blue_green.traffic import INVALID, Balanced
from local.emulator.patching import patch
from local.emulator.permissions import roles

SERVICE = "ecs.amazonaws.com"
READ = ("DescribeListeners", "DescribeRules", "DescribeTargetGroups", "DescribeTargetHealth")
REGISTER = ("RegisterTargets", "DeregisterTargets")
MODIFY = ("ModifyRule",)


@patch(shifting, "missing_rights")
def problem(_original: object, service: Record, balancer: Balanced) -> str:
    """Return that ECS may not do all it must do to a load balancer, else an empty text."""
    rules = [arn for arn in (balancer.production_rule, balancer.test_rule) if arn]
    needed = [
        *((action, "*") for action in READ),
        *((action, group) for action in REGISTER for group in balancer.groups),
        *((action, rule) for action in MODIFY for rule in rules),
    ]
    role = balancer.role
    if roles.is_trusting(role, SERVICE, service["serviceArn"]) and all(
        roles.may(role, f"elasticloadbalancing:{action}", resource) for action, resource in needed
    ):
        return ""
    return (
        f"{INVALID}. ECS was unable to manage the ELB resources due to missing permissions on "
        f"ECS Infrastructure Role '{role}'."
    )
