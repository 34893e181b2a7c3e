"""Gap (1.5.33, upstream): load balancers publish no metrics, and full names of groups are wrong.

A front door counts the first answer of a connection only.
"""

import re
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import alb

from local.emulator.cloudwatch.service_metrics import put
from local.emulator.load_balancing.targets import Target
from local.emulator.load_balancing.weighted_rules import weights
from local.emulator.patching import patch

NAMESPACE = "AWS/ApplicationELB"
STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5])\d\d ")


def status_class(answer: bytes) -> int | None:
    """Return the hundreds of an HTTP status by the beginning of an answer, None without one."""
    found = STATUS_LINE.match(answer)
    return int(found[1]) if found else None


def count(target: Target, hundreds: int) -> None:
    """Publish one request to a target, and the class of its answer."""
    with request_scope(target.account, target.region):
        dimensions = {"TargetGroup": full_name(target.group)}
        balancer = balancer_of(target.group)
        if balancer:
            dimensions["LoadBalancer"] = balancer
        put(NAMESPACE, "RequestCount", 1, dimensions)
        put(NAMESPACE, f"HTTPCode_Target_{hundreds}XX_Count", 1, dimensions)


def full_name(group: str) -> str:
    """Return the full name of a target group, as metrics have it."""
    return group.rpartition(":")[2]


@patch(alb, "_target_group_full_name_from_arn")
def name_in_templates(original: Any, arn: str) -> str:
    """Give templates the same full names."""
    return full_name(arn) if original(arn) else ""


def balancer_of(group: str) -> str:
    """Return the full name of the load balancer with a rule for a target group, else nothing."""
    for rule in list(alb._rules.values()):
        if group in weights(rule["Actions"]):
            arn = alb._listeners[rule["ListenerArn"]]["LoadBalancerArn"]
            return str(arn).partition(":loadbalancer/")[2]
    return ""
