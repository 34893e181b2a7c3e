"""Gap (1.5.33, upstream): services deploy rolling only; target groups and listener rules.

Rules are records of ministack's load balancer, by ARN. What is wrong with them is found when a
deployment begins, as on AWS, with its messages ("Troubleshooting Amazon ECS blue/green
deployments").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.emulator.ecs.blue_green.stages import Side
from local.emulator.load_balancing.weighted_rules import Weights, forward, weights

Record = Mapping[str, Any]
Rules = Mapping[str, dict[str, Any]]

ALL, NONE = 100, 0
INVALID = "of invalid networking configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Balanced:
    """One load balancer of a service: both target groups and the rules that lead to them."""

    primary: str
    alternate: str
    production_rule: str
    test_rule: str
    role: str

    @property
    def groups(self) -> tuple[str, str]:
        """Both target groups."""
        return self.primary, self.alternate

    def other(self, group: str) -> str:
        """Return the group that is not the given one."""
        return self.alternate if group == self.primary else self.primary


def balanced(service: Record) -> tuple[Balanced, ...]:
    """Return a service's load balancers that can shift traffic."""
    return tuple(
        Balanced(
            primary=entry.get("targetGroupArn", ""),
            alternate=advanced.get("alternateTargetGroupArn", ""),
            production_rule=advanced.get("productionListenerRule", ""),
            test_rule=advanced.get("testListenerRule") or "",
            role=advanced.get("roleArn", ""),
        )
        for entry in service.get("loadBalancers") or ()
        if (advanced := entry.get("advancedConfiguration"))
    )


def rule_weights(rules: Rules, arn: str) -> Weights:
    """Return what a rule forwards to, nothing if there is none."""
    rule = rules.get(arn)
    return weights(rule["Actions"]) if rule else {}


def serving(rules: Rules, arn: str) -> tuple[str, ...]:
    """Return the target groups that a rule sends requests to."""
    return tuple(group for group, weight in rule_weights(rules, arn).items() if weight)


def production_groups(rules: Rules, balancers: Sequence[Balanced]) -> tuple[str, ...]:
    """Return the target group with production traffic at each load balancer, else the primary."""
    return tuple(
        next((group for group in serving(rules, each.production_rule) if group in each.groups), "")
        or each.primary
        for each in balancers
    )


def networking_problem(rules: Rules, balancers: Sequence[Balanced]) -> str:
    """Return why traffic cannot be shifted, as AWS words it, else an empty text."""
    for each in balancers:
        names = [arn for arn in (each.production_rule, each.test_rule) if arn]
        if any(arn not in rules for arn in names):
            return f"{INVALID}. One or more rules not found"
        known = {group for arn in names for group in rule_weights(rules, arn)}
        for group in each.groups:
            if group not in known:
                return (
                    f"{INVALID}: Target group {group} is not associated with either "
                    "productionListenerRule or testListenerRule."
                )
        found = serving(rules, each.production_rule)
        if len(found) != 1:
            return (
                f"{INVALID}. productionListenerRule {each.production_rule} should have exactly "
                f"one target group serving traffic but found {len(found)} target groups which "
                "are serving traffic"
            )
        if found[0] not in each.groups:
            return (
                f"{INVALID}. Production listener rule is forwarding traffic to unexpected target "
                f"group {found[0]}. Expected traffic to be forwarded to either targetGroupArn: "
                f"{each.primary} or alternateTargetGroupArn: {each.alternate}"
            )
    return ""


def side(rules: Rules, arns: Sequence[str], green: Sequence[str]) -> Side:
    """Return the side that rules forward to: green only once all of them do."""
    there = all(serving(rules, arn) == (group,) for arn, group in zip(arns, green, strict=True))
    return Side.GREEN if arns and there else Side.BLUE


def shift(rules: Rules, arn: str, *, to: str, away: str) -> bool:
    """Forward all requests of a rule to one of two groups at once; return whether that changes."""
    given = {away: NONE, to: ALL}
    if arn not in rules or rule_weights(rules, arn) == given:
        return False
    others = [action for action in rules[arn]["Actions"] if action.get("Type") != "forward"]
    rules[arn]["Actions"] = [*others, forward(given, order=len(others) + 1)]
    return True
