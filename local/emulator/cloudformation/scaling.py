"""Gap (1.5.33, upstream): CloudFormation knows no scalable targets and no scaling policies.

Upstream with the API of Application Auto Scaling.
"""

from contextlib import suppress

from local.emulator.autoscaling.api import AutoScaling
from local.emulator.autoscaling.scalable_targets import (
    IDENTITY,
    NoSuchObjectError,
    identity,
    policy_identity,
)
from local.emulator.cloudformation.handlers import Created, Properties, add

TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"
SEPARATOR = "|"


def install(scaling: AutoScaling) -> None:
    """Add both types; a change of what names one makes a new one."""

    def create_target(_name: str, given: Properties, _stack: str) -> Created:
        bounds = {name: int(given[name]) for name in ("MinCapacity", "MaxCapacity")}
        target = scaling.current().register({**given, **bounds})
        # A target's Ref: resource, dimension and namespace, in this order.
        reference = SEPARATOR.join(
            (target["ResourceId"], target["ScalableDimension"], target["ServiceNamespace"])
        )
        return reference, {"Id": reference}

    def update_target(physical_id: str, old: Properties, new: Properties, stack: str) -> Created:
        if identity(old) != identity(new):
            delete_target(physical_id, old)
        return create_target("", new, stack)

    def delete_target(_physical_id: str, given: Properties) -> None:
        with suppress(NoSuchObjectError):  # deleting what is gone is no failure
            scaling.current().deregister(given)

    def create_policy(_name: str, given: Properties, _stack: str) -> Created:
        policy = scaling.current().put_policy(named(given))
        return policy["PolicyARN"], {"Arn": policy["PolicyARN"]}

    def update_policy(physical_id: str, old: Properties, new: Properties, stack: str) -> Created:
        if policy_identity(named(old)) != policy_identity(named(new)):
            delete_policy(physical_id, old)
        return create_policy("", new, stack)

    def delete_policy(physical_id: str, _given: Properties) -> None:
        with suppress(NoSuchObjectError):  # it went with its target
            scaling.current().delete_policy(physical_id)

    add(TARGET, create_target, delete_target, update_target)
    add(POLICY, create_policy, delete_policy, update_policy)


def named(given: Properties) -> dict[str, object]:
    """Return a policy's properties with what names its target, however the template says it."""
    reference = given.get("ScalingTargetId")
    if reference is None:
        return dict(given)
    resource, dimension, namespace = str(reference).split(SEPARATOR)
    names = dict(zip(IDENTITY, (namespace, resource, dimension), strict=True))
    return {**{k: v for k, v in given.items() if k != "ScalingTargetId"}, **names}
