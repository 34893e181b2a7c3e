"""The network of tasks: no public address, no inbound connection."""

from aws_cdk import Fn
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.network import MOST_ZONES
from cdk.constructs.environment_stack import EnvironmentStack
from cdk.constructs.network import endpoints
from cdk.constructs.observability.log_group import log_group
from cdk.constructs.permissions.statement import service_role

_HTTPS = ec2.Port.tcp(443)


class NetworkStack(EnvironmentStack):
    """`vpc`, `task_subnets` (private) and `task_security_group` (nothing in, HTTPS out).

    `s3_endpoints` has the ids of its endpoints of S3. In an existing VPC, only the security group
    is created.
    """

    def __init__(
        self, scope: Construct, *, environment: EnvironmentConfig, key: kms.IKey | None
    ) -> None:
        self._zones = environment.network.zones
        super().__init__(
            scope,
            "Network",
            environment=environment,
            description="Lifestream: VPC, endpoints and flow logs",
            key=key,
        )
        self._environment = environment
        endpoint_group = None
        self.s3_endpoints: tuple[str, ...] = ()
        if environment.network.vpc_id is None:
            vpc = self._create_vpc()
            self.vpc: ec2.IVpc = vpc
            self._subnets = vpc.select_subnets(subnet_group_name="task").subnets
            self.task_subnets = self._subnets[: environment.network.used_zones]
            self._keep_exports()
            self._add_gateway_endpoints(vpc)
            self._add_flow_log(vpc)
            endpoint_group = self._add_interface_endpoints(vpc)
        else:
            self.vpc, self.task_subnets = self._existing(environment.network.vpc_id)
            self._subnets = self.task_subnets
        self.task_security_group = self._create_task_security_group(endpoint_group)

    @property
    def availability_zones(self) -> list[str]:
        """The first zones of the region, resolved at deployment.

        CDK would look zones up in the account at synthesis, or use two.
        """
        return [Fn.select(index, Fn.get_azs()) for index in range(self._zones)]

    @property
    def used_zones(self) -> list[str]:
        """The zones where tasks run; the VPC itself also lists those that are only reserved."""
        return self.availability_zones[: self._environment.network.used_zones]

    def _keep_exports(self) -> None:
        """Export the subnets that are given up, until no other stack imports them any more.

        CloudFormation refuses to delete an export that is in use, and this stack comes first.
        """
        for subnet in self._subnets[len(self.task_subnets) :]:
            self.export_value(subnet.subnet_id)

    def _existing(self, vpc_id: str) -> tuple[ec2.IVpc, list[ec2.ISubnet]]:
        network = self._environment.network
        subnets, zones = network.task_subnet_ids or (), network.task_subnet_zones or ()
        # By its attributes: a look-up would call the account at synthesis.
        vpc = ec2.Vpc.from_vpc_attributes(
            self, "Vpc", vpc_id=vpc_id, availability_zones=list(zones)
        )
        found = [
            ec2.Subnet.from_subnet_attributes(
                self, f"taskSubnet{number}", subnet_id=subnet, availability_zone=zone
            )
            for number, (subnet, zone) in enumerate(zip(subnets, zones, strict=True), start=1)
        ]
        return vpc, found

    def _create_vpc(self) -> ec2.Vpc:
        network = self._environment.network
        nat_gateways, kinds = network.nat_gateways, ec2.SubnetType
        if network.public_tasks:
            # RunTask and the service give each task its address; nothing else gets one.
            task = ec2.SubnetConfiguration(
                name="task", subnet_type=kinds.PUBLIC, map_public_ip_on_launch=False
            )
        else:
            private = kinds.PRIVATE_WITH_EGRESS if nat_gateways else kinds.PRIVATE_ISOLATED
            task = ec2.SubnetConfiguration(name="task", subnet_type=private)
        subnets = [task]
        if nat_gateways:
            subnets.append(
                ec2.SubnetConfiguration(
                    name="nat",
                    subnet_type=ec2.SubnetType.PUBLIC,
                    cidr_mask=28,
                    map_public_ip_on_launch=False,
                )
            )
        return ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(self._environment.network.cidr),
            max_azs=self._zones,
            # A zone keeps its addresses when others are added or given up.
            reserved_azs=MOST_ZONES - self._zones,
            nat_gateways=nat_gateways,
            subnet_configuration=subnets,
            # Closing the default group takes a custom resource; no resource uses that group, and
            # `python -m lifestream protect` closes it after a deployment.
            restrict_default_security_group=False,
        )

    def _add_gateway_endpoints(self, vpc: ec2.Vpc) -> None:
        services = ec2.GatewayVpcEndpointAwsService
        for name, service, policy in (
            ("S3", services.S3, endpoints.s3_policy(self.names)),
            ("DynamoDb", services.DYNAMODB, endpoints.dynamodb_policy(self.names)),
        ):
            endpoint = vpc.add_gateway_endpoint(name, service=service)
            if name == "S3":
                self.s3_endpoints = (endpoint.vpc_endpoint_id,)
            for statement in policy:
                endpoint.add_to_policy(statement)

    def _add_flow_log(self, vpc: ec2.Vpc) -> None:
        records = log_group(
            self,
            "FlowLogs",
            name=self.names.flow_log_group,
            environment=self._environment,
            key=self.key,
        )
        role = service_role(self, "FlowLogRole", "vpc-flow-logs")
        vpc.add_flow_log(
            "FlowLog", destination=ec2.FlowLogDestination.to_cloud_watch_logs(records, role)
        )

    def _add_interface_endpoints(self, vpc: ec2.Vpc) -> ec2.SecurityGroup | None:
        chosen = endpoints.chosen(self._environment)
        if not chosen:
            return None
        group = ec2.SecurityGroup(
            self,
            "EndpointSecurityGroup",
            vpc=vpc,
            description="Lifestream endpoints: HTTPS from the VPC",
            allow_all_outbound=False,
        )
        group.add_ingress_rule(
            ec2.Peer.ipv4(self._environment.network.cidr), _HTTPS, "From the VPC"
        )
        for endpoint in chosen:
            created = vpc.add_interface_endpoint(
                endpoint.name,
                service=endpoint.service,
                security_groups=[group],
                open=False,
                subnets=ec2.SubnetSelection(subnets=self._subnets),
            )
            if endpoint.prefix is not None:
                created.add_to_policy(endpoints.account_policy(endpoint.prefix))
        return group

    def _create_task_security_group(
        self, endpoint_group: ec2.SecurityGroup | None
    ) -> ec2.SecurityGroup:
        network = self._environment.network
        group = ec2.SecurityGroup(
            self,
            "TaskSecurityGroup",
            vpc=self.vpc,
            description="Lifestream tasks: nothing in, HTTPS out",
            allow_all_outbound=False,
        )
        if network.s3_prefix_list is None or network.dynamodb_prefix_list is None:
            # Without a NAT gateway, routes end at the endpoints. S3 and DynamoDB have public
            # addresses, which a rule can only name by prefix lists that differ by region.
            group.add_egress_rule(ec2.Peer.any_ipv4(), _HTTPS, "AWS services")
            return group
        near = endpoint_group or ec2.Peer.ipv4(network.cidr)
        group.add_egress_rule(near, _HTTPS, "Endpoints")
        group.add_egress_rule(ec2.Peer.prefix_list(network.s3_prefix_list), _HTTPS, "S3")
        group.add_egress_rule(
            ec2.Peer.prefix_list(network.dynamodb_prefix_list), _HTTPS, "DynamoDB"
        )
        return group
