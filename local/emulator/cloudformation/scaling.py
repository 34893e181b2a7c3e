"""Gap: CloudFormation knows no scalable targets and no scaling policies."""

from contextlib import suppress

from ministack.services.cloudformation import provisioners

from local.emulator.autoscaling.api import AutoScaling
from local.emulator.autoscaling.scalable_targets import IDENTITY, NoSuchObjectError, identity
from local.emulator.cloudformation.handlers import Attributes, Properties

TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"
SEPARATOR = "|"

Numbers = dict[str, int]


def install(scaling: AutoScaling) -> None:
    """Add both types; a change of what names one makes a new one."""

    def create_target(_name: str, given: Properties, _stack: str) -> tuple[str, Attributes]:
        bounds: Numbers = {name: int(given[name]) for name in ("MinCapacity", "MaxCapacity")}
        target = scaling.here().register({**given, **bounds})
        # A target's Ref: resource, dimension and namespace, in this order.
        reference = SEPARATOR.join(
            (target["ResourceId"], target["ScalableDimension"], target["ServiceNamespace"])
        )
        return reference, {"Id": reference}

    def update_target(
        physical_id: str, old: Properties, new: Properties, stack: str
    ) -> tuple[str, Attributes]:
        if identity(old) != identity(new):
            delete_target(physical_id, old)
        return create_target("", new, stack)

    def delete_target(_physical_id: str, given: Properties) -> None:
        with suppress(NoSuchObjectError):  # deleting what is gone is no failure
            scaling.here().deregister(given)

    def create_policy(_name: str, given: Properties, _stack: str) -> tuple[str, Attributes]:
        policy = scaling.here().put_policy(named(given))
        return policy["PolicyARN"], {"Arn": policy["PolicyARN"]}

    def update_policy(
        physical_id: str, old: Properties, new: Properties, stack: str
    ) -> tuple[str, Attributes]:
        same = (identity(named(old)), old["PolicyName"]) == (
            identity(named(new)),
            new["PolicyName"],
        )
        if not same:
            delete_policy(physical_id, old)
        return create_policy("", new, stack)

    def delete_policy(physical_id: str, _given: Properties) -> None:
        with suppress(NoSuchObjectError):  # it went with its target
            scaling.here().delete_policy(physical_id)

    provisioners._RESOURCE_HANDLERS[TARGET] = {
        "create": create_target,
        "update": update_target,
        "delete": delete_target,
    }
    provisioners._RESOURCE_HANDLERS[POLICY] = {
        "create": create_policy,
        "update": update_policy,
        "delete": delete_policy,
    }


def named(given: Properties) -> dict[str, object]:
    """Return a policy's properties with what names its target, however the template says it."""
    reference = given.get("ScalingTargetId")
    if reference is None:
        return dict(given)
    resource, dimension, namespace = str(reference).split(SEPARATOR)
    names = dict(zip(IDENTITY, (namespace, resource, dimension), strict=True))
    return {**{k: v for k, v in given.items() if k != "ScalingTargetId"}, **names}
