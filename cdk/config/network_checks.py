"""Rules between the settings of the network."""

from typing import Any

from cdk.config.check import Check


def _nat(nat_gateways: int, zones: int) -> str | None:
    return None if nat_gateways <= zones else f"at most network.zones = {zones}, one a zone"


def _way_out(
    interface_endpoints: bool,  # noqa: FBT001 - a setting's value, passed on by position with the others
    nat_gateways: int,
    vpc_id: str | None,
) -> str | None:
    if interface_endpoints or nat_gateways > 0 or vpc_id:
        return None
    return (
        "true while network.nat_gateways = 0"
        " (tasks would reach neither the image registry nor the logs)"
    )


def _bedrock(bedrock: bool, endpoints: bool) -> str | None:  # noqa: FBT001 - as above
    if not bedrock or endpoints:
        return None
    return "false while network.interface_endpoints = false (it would be one of them)"


def _prefix_lists(s3: str | None, dynamodb: str | None) -> str | None:
    if (s3 is None) == (dynamodb is None):
        return None
    return (
        f"given together with network.dynamodb_prefix_list, now {dynamodb!r}"
        " (name both or neither: tasks need S3 and DynamoDB)"
    )


def _closed(prefix_list: str | None, nat_gateways: int, region: str | None) -> str | None:
    if prefix_list is None or (nat_gateways == 0 and region is not None):
        return None
    return (
        f"left out unless network.nat_gateways = 0, now {nat_gateways} (whoever pays for a way out"
        f" wants to use it), and region is given, now {region!r} (each has a list of its own)"
    )


def _existing(vpc_id: str | None, subnets: Any, zones: Any, count: int) -> str | None:
    if vpc_id is None and subnets is None and zones is None:
        return None
    if vpc_id is not None and len(subnets or ()) == len(zones or ()) == count:
        return None
    return (
        f"given together with as many network.task_subnet_ids and network.task_subnet_zones as"
        f" network.zones = {count}; or all three left out for a VPC of our own"
    )


def _nothing_made(
    vpc_id: str | None,
    nat_gateways: int,
    endpoints: bool,  # noqa: FBT001 - as above
) -> str | None:
    if vpc_id is None or (nat_gateways == 0 and not endpoints):
        return None
    return (
        "left out, or network.nat_gateways = 0 and network.interface_endpoints = false"
        " (nothing is made in a VPC that is there)"
    )


def _pinned(vpc_id: str | None, region: str | None, zones: Any) -> str | None:
    if vpc_id is None or (region and all(zone[:-1] == region for zone in zones or ())):
        return None
    return (
        f"left out, or in the environment's region = {region!r}, as are network.task_subnet_zones"
        f" = {list(zones or ())} (a VPC is in one account and region, which must be pinned)"
    )


NETWORK_CHECKS = (
    Check(keys=("network.nat_gateways", "network.zones"), allowed=_nat),
    Check(
        keys=("network.interface_endpoints", "network.nat_gateways", "network.vpc_id"),
        allowed=_way_out,
    ),
    Check(keys=("network.bedrock_endpoint", "network.interface_endpoints"), allowed=_bedrock),
    Check(keys=("network.s3_prefix_list", "network.dynamodb_prefix_list"), allowed=_prefix_lists),
    Check(keys=("network.s3_prefix_list", "network.nat_gateways", "region"), allowed=_closed),
    Check(
        keys=(
            "network.vpc_id",
            "network.task_subnet_ids",
            "network.task_subnet_zones",
            "network.zones",
        ),
        allowed=_existing,
    ),
    Check(
        keys=("network.vpc_id", "network.nat_gateways", "network.interface_endpoints"),
        allowed=_nothing_made,
    ),
    Check(keys=("network.vpc_id", "region", "network.task_subnet_zones"), allowed=_pinned),
)
