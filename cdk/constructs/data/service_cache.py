"""A serverless Valkey cache, which services reach by TLS from their security groups alone."""

from collections.abc import Sequence

from aws_cdk import Fn
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_kms as kms
from constructs import Construct

_PORT = ec2.Port.tcp(6379)
_MOST_GB = 1
_MOST_UNITS_A_SECOND = 5000
"""Limits of what a runaway client can cost; far above what sessions and counters need."""


class ServiceCache(Construct):
    """`url` (`rediss://`) and `security_group`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        vpc: ec2.IVpc,
        subnets: Sequence[ec2.ISubnet],
        key: kms.IKey | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.security_group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=vpc,
            description="Lifestream cache: from the services",
            allow_all_outbound=False,
        )
        cache = elasticache.CfnServerlessCache(
            self,
            "Cache",
            engine="valkey",
            serverless_cache_name=name,
            security_group_ids=[self.security_group.security_group_id],
            subnet_ids=[subnet.subnet_id for subnet in subnets],
            kms_key_id=key.key_arn if key else None,
            cache_usage_limits=elasticache.CfnServerlessCache.CacheUsageLimitsProperty(
                data_storage=elasticache.CfnServerlessCache.DataStorageProperty(
                    maximum=_MOST_GB, unit="GB"
                ),
                ecpu_per_second=elasticache.CfnServerlessCache.ECPUPerSecondProperty(
                    maximum=_MOST_UNITS_A_SECOND
                ),
            ),
        )
        address, port = cache.attr_endpoint_address, cache.attr_endpoint_port
        self.url = Fn.join("", ["rediss://", address, ":", port])

    def accept_from(self, group: ec2.ISecurityGroup, name: str) -> None:
        """Let a service connect."""
        self.security_group.connections.allow_from(group, _PORT, f"From {name}")
