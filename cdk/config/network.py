"""The table of the network, and the rules between its settings."""

from typing import Annotated

from pydantic import Field

from cdk.config.settings import Settings, Violations, rule, whole
from cdk.config.values import PrefixListId, PrivateNetwork, Several, SubnetId, VpcId, Zone

MOST_ZONES = 3
"""Each has its part of the VPC's addresses, whether it is used or not."""

_AS_ZONES = Field(min_length=2, max_length=3)


class NetworkConfig(Settings):
    """The VPC, created or existing. Tasks have no public address unless `public_tasks` says so.

    Without NAT gateways the tasks reach AWS through endpoints alone. In an existing VPC only a
    security group is created: its owners provide the ways to AWS.
    """

    cidr: PrivateNetwork
    """Addresses of the VPC."""
    zones: int = whole(2, MOST_ZONES)
    """Number of availability zones, each with a task subnet."""
    zones_in_use: int | None = whole(2, MOST_ZONES, default=None)
    """Number of these zones where tasks run, all if omitted. To give zones up, lower it first,
    deploy, then lower `zones` and leave it out."""
    nat_gateways: int = whole(0, 3)
    """Routes to the internet; each costs by the hour."""
    public_tasks: bool = False
    """Tasks have public addresses while they run and accept no connection: the cheapest route to
    AWS, without NAT gateways or endpoints. Only the security group keeps the internet out then."""
    interface_endpoints: bool
    """Private routes to AWS services; each costs by hour and zone."""
    bedrock_endpoint: bool
    """An endpoint for Bedrock, for summaries by a Bedrock model."""
    s3_prefix_list: PrefixListId | None = None
    """The region's list of S3's addresses. With DynamoDB's list, tasks can reach only these and the
    endpoints."""
    dynamodb_prefix_list: PrefixListId | None = None
    """The region's list of DynamoDB's addresses."""
    vpc_id: VpcId | None = None
    """An existing VPC to use instead of a new one."""
    task_subnet_ids: Annotated[Several[SubnetId], _AS_ZONES] | None = None
    """Subnets of the existing VPC for tasks."""
    task_subnet_zones: Annotated[Several[Zone], _AS_ZONES] | None = None
    """Availability zones of these subnets, in the same order."""

    @property
    def used_zones(self) -> int:
        """Number of zones where tasks run."""
        return self.zones if self.zones_in_use is None else self.zones_in_use

    @rule("zones_in_use")
    def _zones_are_given_up_in_two_steps(self) -> Violations:
        if self.zones_in_use is not None and (
            self.vpc_id is not None or self.zones_in_use >= self.zones
        ):
            yield (
                f"less than network.zones = {self.zones} in a VPC of Lifestream's own, or left out"
                " (it is for giving zones up)"
            )

    @rule("nat_gateways")
    def _one_nat_gateway_a_zone(self) -> Violations:
        if self.nat_gateways > self.zones:
            yield f"at most network.zones = {self.zones}, one a zone"

    @rule("interface_endpoints")
    def _tasks_reach_aws(self) -> Violations:
        ways = (self.interface_endpoints, self.nat_gateways, self.vpc_id, self.public_tasks)
        if not any(ways):
            yield (
                "true while network.nat_gateways = 0"
                " (tasks would reach neither the image registry nor the logs)"
            )

    @rule("public_tasks")
    def _public_tasks_need_no_other_way(self) -> Violations:
        if self.public_tasks and (self.nat_gateways or self.vpc_id):
            yield (
                "false while network.nat_gateways > 0 or network.vpc_id is given (tasks have one"
                " way out)"
            )

    @rule("bedrock_endpoint")
    def _bedrock_is_an_interface_endpoint(self) -> Violations:
        if self.bedrock_endpoint and not self.interface_endpoints:
            yield "false while network.interface_endpoints = false (it would be one of them)"

    @rule("s3_prefix_list")
    def _both_prefix_lists_or_neither(self) -> Violations:
        if (self.s3_prefix_list is None) != (self.dynamodb_prefix_list is None):
            yield (
                "given together with network.dynamodb_prefix_list, now"
                f" {self.dynamodb_prefix_list!r} (name both or neither: tasks need S3 and"
                " DynamoDB)"
            )

    @rule("vpc_id")
    def _existing_vpc_is_complete(self) -> Violations:
        vpc, subnets, zones = self.vpc_id, self.task_subnet_ids, self.task_subnet_zones
        given = (vpc, subnets, zones) != (None, None, None)
        complete = vpc and len(subnets or ()) == len(zones or ()) == self.zones
        if given and not complete:
            yield (
                "given together with as many network.task_subnet_ids and network.task_subnet_zones"
                f" as network.zones = {self.zones}; or all three left out for a new VPC"
            )

    @rule("vpc_id")
    def _existing_vpc_stays_as_it_is(self) -> Violations:
        if self.vpc_id is not None and (self.nat_gateways > 0 or self.interface_endpoints):
            yield (
                "left out, or network.nat_gateways = 0 and network.interface_endpoints = false"
                " (nothing is made in an existing VPC)"
            )
