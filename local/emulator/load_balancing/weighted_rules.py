"""Gap (1.5.33, upstream): a listener's rule forwards to one target group and drops the weights."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from ministack.services import alb
from ministack.services.cloudformation import provisioners

from local.emulator.patching import around

Action = dict[str, Any]
Weights = dict[str, int]
"""Weights of target groups by their ARN."""

DEFAULT_WEIGHT = 1


def weights(actions: Sequence[Mapping[str, Any]]) -> Weights:
    """Return the weights of the target groups that a rule's actions forward to."""
    found: Weights = {}
    for action in actions:
        groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or []
        if not groups and action.get("TargetGroupArn"):
            groups = [{"TargetGroupArn": action["TargetGroupArn"]}]
        for group in groups:
            found[group["TargetGroupArn"]] = int(group.get("Weight", DEFAULT_WEIGHT))
    return found


def forward(given: Weights, order: int = 1) -> Action:
    """Return the action that forwards by weights.

    `TargetGroupArn` is what ministack's own load balancer reads: the group with most weight.
    """
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in given.items()]
    return {
        "Type": "forward",
        "Order": order,
        "TargetGroupArn": max(given, key=lambda arn: given[arn]),
        "ForwardConfig": {"TargetGroups": groups},
    }


def with_weights(action: Action, configuration: Any) -> Action:
    """Return an action with the weights of a template's or a request's `ForwardConfig`."""
    given = weights([{"ForwardConfig": configuration}])
    return {**action, **forward(given, int(action.get("Order", 1)))} if given else action


def forward_config(params: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the `ForwardConfig` of a request of the Query API, empty without one."""
    groups = []
    for number in itertools.count(1):
        member = f"{prefix}.ForwardConfig.TargetGroups.member.{number}"
        arn = alb._p(params, f"{member}.TargetGroupArn")
        if not arn:
            break
        weight = alb._p(params, f"{member}.Weight", str(DEFAULT_WEIGHT))
        groups.append({"TargetGroupArn": arn, "Weight": int(weight)})
    return {"TargetGroups": groups} if groups else {}


def described(action: Mapping[str, Any]) -> str:
    """Return the XML of an action's weights; empty for one that forwards to a single group."""
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or []
    members = "".join(
        f"<member><TargetGroupArn>{group['TargetGroupArn']}</TargetGroupArn>"
        f"<Weight>{group['Weight']}</Weight></member>"
        for group in groups
    )
    return (
        f"<ForwardConfig><TargetGroups>{members}</TargetGroups></ForwardConfig>" if groups else ""
    )


def install() -> None:
    """Keep weights that templates and requests give, and describe them."""

    @around(provisioners, "_elbv2_listener_actions")
    def from_template(original: Any, properties: Any, *rest: Any, **more: Any) -> list[Action]:
        name = more.get("prop", "DefaultActions")
        given = [each for each in properties.get(name) or [] if isinstance(each, dict)]
        actions = original(properties, *rest, **more)
        return [
            with_weights(action, template.get("ForwardConfig"))
            for action, template in zip(actions, given, strict=True)
        ]

    @around(alb, "_parse_actions")
    def from_request(original: Any, params: Any, prefix: str = "DefaultActions") -> list[Action]:
        return [
            with_weights(action, forward_config(params, f"{prefix}.member.{number}"))
            for number, action in enumerate(original(params, prefix), start=1)
        ]

    @around(alb, "_action_xml")
    def describe(original: Any, action: Action) -> str:
        weighted = described(action)
        # AWS names no single group where there are several.
        shown = {k: v for k, v in action.items() if not (weighted and k == "TargetGroupArn")}
        xml: str = original(shown)
        return xml.replace("</member>", f"{weighted}</member>")
