"""A long-lived HTTP service on Fargate behind a load balancer, with its scaling and rollback."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.service import ServiceConfig
from cdk.constructs.compute.container import capacity_shares
from cdk.constructs.compute.http_routing import HttpRouting
from cdk.constructs.compute.http_task import PORT_NAME, HttpContainer, http_task
from cdk.constructs.compute.service_scaling import ServiceScaling
from cdk.constructs.compute.task_roles import TaskRoles
from cdk.constructs.network.public_load_balancer import PublicLoadBalancer
from cdk.constructs.observability.log_group import log_group
from cdk.constructs.observability.metrics import MINUTE
from cdk.naming import Names
from runtime.core.contract import SERVICE_NAME

_HTTPS = 443
_GRACE = Duration.seconds(60)
"""How long a new task may fail the load balancer's checks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSite:
    """What services of an environment share: cluster, network, load balancer, namespace, image."""

    cluster: ecs.ICluster
    vpc: ec2.IVpc
    subnets: Sequence[ec2.ISubnet]
    load_balancer: PublicLoadBalancer
    namespace: str
    image: ecs.ContainerImage
    key: kms.IKey | None


class HttpService(Construct):
    """`service`, `definition`, `task_role`, `security_group`, `log_group`, `scaling`.

    Tasks answer `GET /health`, to ECS by a command inside and to the load balancer. A deployment is
    rolled back if its tasks do not become healthy, or if many answers are server errors.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentConfig,
        settings: ServiceConfig,
        site: HttpSite,
        container: HttpContainer,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings, self._site, self._container = settings, site, container
        self._physical_name = f"{SERVICE_NAME}-{container.name}-{environment.name}"
        names = Names(environment.name)
        roles = TaskRoles(self)
        self.task_role = roles.task
        self.security_group = self._create_security_group()
        self.log_group = log_group(
            self,
            "Logs",
            name=f"/ecs/{self._physical_name}",
            environment=environment,
            key=site.key,
        )
        self.definition = http_task(
            self,
            family=self._physical_name,
            settings=settings,
            given=container,
            image=site.image,
            roles=roles,
            log_group=self.log_group,
        )
        self._routing = HttpRouting(
            self,
            vpc=site.vpc,
            load_balancer=site.load_balancer,
            container=container,
            blue_green=settings.deployment == "blue_green",
            alarm_name=names.alarm(f"{container.name}-broken"),
        )
        self.service = self._create_service()
        self.scaling = ServiceScaling(
            self,
            "Scaling",
            cluster=site.cluster,
            service=self.service,
            settings=settings,
            requests=[
                group.metrics.request_count_per_target(period=MINUTE, statistic="Sum")
                for group in self._routing.target_groups
            ],
        )

    def allow(self, *statements: iam.PolicyStatement) -> None:
        """Add statements to the task role."""
        for statement in statements:
            self.definition.add_to_task_role_policy(statement)

    def accept_from(self, other: "HttpService") -> None:
        """Let another service of the cluster connect."""
        self.security_group.connections.allow_from(
            other.security_group, ec2.Port.tcp(self._container.port), f"From {other.node.id}"
        )

    def _create_security_group(self) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=self._site.vpc,
            description=f"Lifestream {self._container.name}: from the load balancer, HTTPS out",
            allow_all_outbound=False,
        )
        group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(_HTTPS), "AWS and receivers")
        self._site.load_balancer.security_group.connections.allow_to(
            group, ec2.Port.tcp(self._container.port), f"Load balancer to {self._container.name}"
        )
        return group

    def _create_service(self) -> ecs.FargateService:
        settings, site = self._settings, self._site
        options: dict[str, Any] = (
            {
                "deployment_strategy": ecs.DeploymentStrategy.BLUE_GREEN,
                "bake_time": Duration.minutes(settings.bake_minutes),
            }
            if settings.deployment == "blue_green"
            else {}
        )
        service = ecs.FargateService(
            self,
            "Service",
            service_name=self._physical_name,
            cluster=site.cluster,
            task_definition=self.definition,
            vpc_subnets=ec2.SubnetSelection(subnets=list(site.subnets)),
            security_groups=[self.security_group],
            assign_public_ip=True,
            capacity_provider_strategies=capacity_shares(
                FARGATE=(settings.on_demand_base, 100 - settings.spot_percent),
                FARGATE_SPOT=(0, settings.spot_percent),
            ),
            min_healthy_percent=100,
            max_healthy_percent=200,
            health_check_grace_period=_GRACE,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            deployment_alarms=ecs.DeploymentAlarmConfig(
                alarm_names=[self._routing.broken.alarm_name],
                behavior=ecs.AlarmBehavior.ROLLBACK_ON_ALARM,
            ),
            enable_ecs_managed_tags=True,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
            enable_execute_command=False,
            service_connect_configuration=ecs.ServiceConnectProps(
                namespace=site.namespace,
                services=[
                    # Without a protocol, connections are passed on as they are: sockets and event
                    # streams have no time limit.
                    ecs.ServiceConnectService(
                        port_mapping_name=PORT_NAME,
                        discovery_name=self._container.name,
                        dns_name=self._container.name,
                        port=self._container.port,
                    )
                ],
            ),
            **options,
        )
        self._routing.attach(service)
        return service


def host_of(url: str) -> str:
    """Return the host name of an origin, for a listener's rule."""
    return str(urlsplit(url).hostname)
