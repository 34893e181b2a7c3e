"""Public subnets for a load balancer and the services behind it, in addresses of their own."""

from collections.abc import Sequence

from aws_cdk import Fn
from aws_cdk import aws_ec2 as ec2
from constructs import Construct, IDependable

CIDR = "100.64.0.0/24"
"""A second range of the VPC, from shared address space (RFC 6598): it fits every private network,
and no subnet that exists changes its addresses."""

_SUBNET_BITS = 6
"""64 addresses for each subnet; a load balancer asks for 27 bits and eight free addresses."""


class PublicSubnets(Construct):
    """`subnets`: one in each of the zones, with a route to the internet.

    What runs there has a public address to reach the internet; security groups alone decide what
    reaches it.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, vpc: ec2.Vpc, zones: Sequence[str]
    ) -> None:
        super().__init__(scope, construct_id)
        addresses = ec2.CfnVPCCidrBlock(self, "Cidr", vpc_id=vpc.vpc_id, cidr_block=CIDR)
        gateway, attached = self._gateway(vpc)
        blocks = Fn.cidr(CIDR, len(zones), str(_SUBNET_BITS))
        self.subnets: list[ec2.ISubnet] = []
        for number, zone in enumerate(zones):
            subnet = ec2.PublicSubnet(
                self,
                f"Subnet{number + 1}",
                vpc_id=vpc.vpc_id,
                availability_zone=zone,
                cidr_block=Fn.select(number, blocks),
                map_public_ip_on_launch=False,
            )
            subnet.node.add_dependency(addresses)
            subnet.add_default_internet_route(gateway, attached)
            self.subnets.append(subnet)

    def _gateway(self, vpc: ec2.Vpc) -> tuple[str, IDependable]:
        """Return the VPC's internet gateway and its attachment; a VPC has at most one."""
        if vpc.internet_gateway_id is not None:
            return vpc.internet_gateway_id, vpc.internet_connectivity_established
        gateway = ec2.CfnInternetGateway(self, "Gateway")
        attachment = ec2.CfnVPCGatewayAttachment(
            self, "Attachment", vpc_id=vpc.vpc_id, internet_gateway_id=gateway.ref
        )
        return gateway.ref, attachment
