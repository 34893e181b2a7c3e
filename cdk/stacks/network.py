"""Where tasks run: a VPC whose tasks have no public address and accept no connection."""

from aws_cdk import Aws, Fn
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.components.environment_stack import EnvironmentStack
from cdk.components.log_group import log_group
from cdk.config import EnvironmentConfig

_HTTPS = 443

_INTERFACE_SERVICES = {
    "EcrApi": ec2.InterfaceVpcEndpointAwsService.ECR,
    "EcrDocker": ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER,
    "Logs": ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
    "Ecs": ec2.InterfaceVpcEndpointAwsService.ECS,
}
"""What a task calls besides S3 and DynamoDB, whose gateway endpoints cost nothing."""


class NetworkStack(EnvironmentStack):
    """The VPC, `task_subnets` (private) and `task_security_group` (nothing in, HTTPS out)."""

    def __init__(
        self, scope: Construct, *, environment: EnvironmentConfig, key: kms.IKey | None
    ) -> None:
        """Create the network of one environment."""
        self._zones = environment.network.zones
        super().__init__(
            scope,
            "Network",
            environment=environment,
            description="Lifestream: VPC, endpoints and flow logs",
            key=key,
        )
        self.vpc = self._create_vpc(environment)
        self.task_subnets: list[ec2.ISubnet] = self.vpc.select_subnets(
            subnet_group_name="task"
        ).subnets
        self.task_security_group = ec2.SecurityGroup(
            self,
            "TaskSecurityGroup",
            vpc=self.vpc,
            description="Lifestream tasks: nothing in, HTTPS out",
            allow_all_outbound=False,
        )
        self.task_security_group.add_egress_rule(
            ec2.Peer.any_ipv4(), ec2.Port.tcp(_HTTPS), "AWS services"
        )
        self._add_flow_log(environment)
        if environment.network.interface_endpoints:
            self._add_interface_endpoints(environment)

    @property
    def availability_zones(self) -> list[str]:
        """The first zones of wherever the stack is deployed to, resolved there.

        CDK would look zones up in the account at synthesis, or settle for two.
        """
        return [Fn.select(index, Fn.get_azs()) for index in range(self._zones)]

    def _create_vpc(self, environment: EnvironmentConfig) -> ec2.Vpc:
        nat_gateways = environment.network.nat_gateways
        subnets = [
            ec2.SubnetConfiguration(
                name="task",
                subnet_type=(
                    ec2.SubnetType.PRIVATE_WITH_EGRESS
                    if nat_gateways
                    else ec2.SubnetType.PRIVATE_ISOLATED
                ),
            )
        ]
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
            ip_addresses=ec2.IpAddresses.cidr(environment.network.cidr),
            max_azs=self._zones,
            nat_gateways=nat_gateways,
            subnet_configuration=subnets,
            # Closing the default group takes a custom resource; nothing uses that group.
            restrict_default_security_group=False,
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
                "DynamoDb": ec2.GatewayVpcEndpointOptions(
                    service=ec2.GatewayVpcEndpointAwsService.DYNAMODB
                ),
            },
        )

    def _add_flow_log(self, environment: EnvironmentConfig) -> None:
        records = log_group(
            self, "FlowLogs", name=self.names.flow_log_group, environment=environment, key=self.key
        )
        role = iam.Role(
            self,
            "FlowLogRole",
            assumed_by=iam.ServicePrincipal(
                "vpc-flow-logs.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            ),
        )
        self.vpc.add_flow_log(
            "FlowLog", destination=ec2.FlowLogDestination.to_cloud_watch_logs(records, role)
        )

    def _add_interface_endpoints(self, environment: EnvironmentConfig) -> None:
        group = ec2.SecurityGroup(
            self,
            "EndpointSecurityGroup",
            vpc=self.vpc,
            description="Lifestream endpoints: HTTPS from the VPC",
            allow_all_outbound=False,
        )
        group.add_ingress_rule(
            ec2.Peer.ipv4(environment.network.cidr), ec2.Port.tcp(_HTTPS), "From the VPC"
        )
        for name, service in _INTERFACE_SERVICES.items():
            self.vpc.add_interface_endpoint(
                name,
                service=service,
                security_groups=[group],
                open=False,
                subnets=ec2.SubnetSelection(subnets=self.task_subnets),
            )
