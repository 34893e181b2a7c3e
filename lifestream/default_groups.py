"""The default security groups of an environment's VPCs, which are to have no rules.

AWS gives each VPC such a group, open to itself and to everywhere; CloudFormation cannot change it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lifestream.adapters import Clients
from runtime.aws.sdk_errors import typed_faults

NAME = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultGroup:
    """A VPC's default group with the rules that it has."""

    vpc_id: str
    group_id: str
    ingress: tuple[Any, ...]
    egress: tuple[Any, ...]

    @property
    def is_open(self) -> bool:
        """Whether it admits any traffic."""
        return bool(self.ingress or self.egress)


def default_groups(aws: Clients, vpc_ids: Iterable[str]) -> list[DefaultGroup]:
    """Return the default groups of these VPCs."""
    vpcs = list(vpc_ids)
    if not vpcs:
        return []
    filters = [
        {"Name": "vpc-id", "Values": vpcs},
        {"Name": "group-name", "Values": [NAME]},
    ]
    with typed_faults(f"reading the default security groups of {', '.join(vpcs)}"):
        found = aws("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    return [
        DefaultGroup(
            vpc_id=group["VpcId"],
            group_id=group["GroupId"],
            ingress=tuple(group.get("IpPermissions", ())),
            egress=tuple(group.get("IpPermissionsEgress", ())),
        )
        for group in found
    ]


def close(aws: Clients, group: DefaultGroup) -> None:
    """Remove all rules of a group; nothing of an environment uses it."""
    client = aws("ec2")
    with typed_faults(f"closing the default security group of {group.vpc_id}"):
        for rules, revoke in (
            (group.ingress, client.revoke_security_group_ingress),
            (group.egress, client.revoke_security_group_egress),
        ):
            if rules:
                revoke(GroupId=group.group_id, IpPermissions=list(rules))
