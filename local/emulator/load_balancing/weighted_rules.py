"""Gap (1.5.33, upstream): a listener's rule forwards to one target group and drops the weights."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from ministack.services import alb
from ministack.services.cloudformation import provisioners

from local.emulator.patching import patch

Action = dict[str, Any]
Weights = dict[str, int]
"""Weights of target groups by their ARN."""

DEFAULT_WEIGHT = 1
GROUP = "TargetGroupArn"


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
    members = (f"{prefix}.ForwardConfig.TargetGroups.member.{n}." for n in itertools.count(1))
    present = itertools.takewhile(lambda member: alb._p(params, f"{member}{GROUP}"), members)
    groups = [
        {
            GROUP: alb._p(params, f"{member}{GROUP}"),
            "Weight": int(alb._p(params, f"{member}Weight", str(DEFAULT_WEIGHT))),
        }
        for member in present
    ]
    return {"TargetGroups": groups} if groups else {}


def described(action: Mapping[str, Any]) -> str:
    """Return the XML of an action's weights; empty for one that forwards to a single group."""
    members = "".join(
        f"<member><TargetGroupArn>{group[GROUP]}</TargetGroupArn>"
        f"<Weight>{group['Weight']}</Weight></member>"
        for group in (action.get("ForwardConfig") or {}).get("TargetGroups") or []
    )
    groups = f"<TargetGroups>{members}</TargetGroups>"
    return f"<ForwardConfig>{groups}</ForwardConfig>" if members else ""


@patch(provisioners, "_elbv2_listener_actions")
def from_template(original: Any, properties: Any, *rest: Any, **more: Any) -> list[Action]:
    """Keep the weights of a template."""
    name = more.get("prop", "DefaultActions")
    given = [each for each in properties.get(name) or [] if isinstance(each, dict)]
    actions = original(properties, *rest, **more)
    return [
        with_weights(action, template.get("ForwardConfig"))
        for action, template in zip(actions, given, strict=True)
    ]


@patch(alb, "_parse_actions")
def from_request(original: Any, params: Any, prefix: str = "DefaultActions") -> list[Action]:
    """Keep the weights of a request."""
    return [
        with_weights(action, forward_config(params, f"{prefix}.member.{number}"))
        for number, action in enumerate(original(params, prefix), start=1)
    ]


@patch(alb, "_action_xml")
def describe(original: Any, action: Action) -> str:
    """Describe the weights."""
    weighted = described(action)
    # AWS names no single group where there are several.
    shown = {k: v for k, v in action.items() if not (weighted and k == GROUP)}
    xml: str = original(shown)
    return xml.replace("</member>", f"{weighted}</member>")
