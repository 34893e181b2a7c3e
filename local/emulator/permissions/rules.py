"""Gap (1.5.33, upstream): rules reach functions and queues whose policies do not admit them."""

from collections.abc import Mapping
from typing import Any

from ministack.services import cloudwatch, eventbridge, lambda_svc, sqs

from local.emulator.patching import patch
from local.emulator.permissions import keys, roles

Record = Mapping[str, Any]

SERVICE = "events.amazonaws.com"
FAILED = "FailedInvocations"
"""The metric of events that could not be delivered to a rule's target."""


@patch(eventbridge, "_invoke_target")
def invoke(original: Any, target: Record, event: Any, rule: Record, *rest: Any, **kw: Any) -> None:
    """Give a rule's event to a target only if the target's policy admits the rule."""
    if admits(str(target.get("Arn", "")), str(rule.get("Arn", ""))):
        original(target, event, rule, *rest, **kw)
    else:
        about = {"RuleName": str(rule.get("Name", ""))}
        cloudwatch.record_metric("AWS/Events", FAILED, 1, "Count", about)


def admits(target_arn: str, rule_arn: str) -> bool:
    """Return whether a target's policy lets a rule in; other kinds are reached by a role."""
    kind = target_arn.split(":")[2] if target_arn.count(":") > 1 else ""
    if kind == "lambda":
        found = lambda_svc.function_policy_for_arn(target_arn)
        action = "lambda:InvokeFunction"
    elif kind == "sqs":
        found, action = sqs.queue_policy_for_arn(target_arn), "sqs:SendMessage"
    else:
        return True
    policy = found[0] if found else None
    return roles.lets_in(policy, SERVICE, action, target_arn, rule_arn) and (
        kind != "sqs" or keys.opens(target_arn, SERVICE, rule_arn)
    )
