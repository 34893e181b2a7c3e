"""A long-lived HTTP service on Fargate behind a load balancer, with its scaling and rollback."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.service import ServiceConfig
from cdk.constructs.compute.processor_container import ARCHITECTURES, OPEN_FILES, USER
from cdk.constructs.compute.service_scaling import ServiceScaling, minute
from cdk.constructs.compute.task_roles import TaskRoles
from cdk.constructs.network.public_load_balancer import PublicLoadBalancer
from cdk.constructs.observability.log_group import log_group
from cdk.naming import Names
from runtime.core.contract import SERVICE_NAME, EnvVar

HEALTH_PATH = "/health"
_HTTPS = 443
_STOP = Duration.seconds(30)
_GRACE = Duration.seconds(60)
"""How long a new task may fail the load balancer's checks."""

_DRAIN = Duration.seconds(25)
"""How long a task that leaves may finish its requests: within its time to stop."""

_VOLUME, _TMP = "work", "/tmp"  # noqa: S108 - a path inside the container
_FAILED_PERCENT = 5
_FEWEST_FAILURES = 5
_BROKEN_MINUTES = 3
PORT_NAME = "http"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpContainer:
    """What one service runs: its name, module, port, variables, and secrets by variable.

    `port_variable` gives the module its port. `host` and `priority` make its rule at the load
    balancer's listeners.
    """

    name: str
    command: Sequence[str]
    port: int
    port_variable: EnvVar
    host: str
    priority: int
    variables: Mapping[str, str]
    secrets: Mapping[str, ecs.Secret] = field(default_factory=dict)


class HttpService(Construct):
    """`service`, `definition`, `task_role`, `security_group`, `target_groups`, `broken` (alarm).

    Tasks answer `GET /health`, to ECS by a command inside and to the load balancer. A deployment
    whose tasks do not become healthy is rolled back, as is one that `broken` reports.
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
        self.definition = self._create_definition(roles)
        green = settings.deployment == "blue_green"
        self.target_groups = [
            self._target_group(which) for which in (["Blue", "Green"] if green else ["Blue"])
        ]
        self._rules = self._add_rules()
        self.broken = self._alarm_on_failures(names.alarm(f"{container.name}-broken"))
        self.service = self._create_service()
        self.scaling = ServiceScaling(
            self,
            "Scaling",
            cluster=site.cluster,
            service=self.service,
            settings=settings,
            requests=[
                group.metrics.request_count_per_target(period=minute(), statistic="Sum")
                for group in self.target_groups
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

    def _create_definition(self, roles: TaskRoles) -> ecs.FargateTaskDefinition:
        settings, given = self._settings, self._container
        definition = ecs.FargateTaskDefinition(
            self,
            "Definition",
            family=self._physical_name,
            cpu=settings.cpu,
            memory_limit_mib=settings.memory_mib,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ARCHITECTURES[settings.architecture],
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
            ),
            execution_role=roles.execution,
            task_role=roles.task,
        )
        linux = ecs.LinuxParameters(self, "Linux", init_process_enabled=True)
        linux.drop_capabilities(ecs.Capability.ALL)
        definition.add_volume(name=_VOLUME)
        container = definition.add_container(
            given.name,
            image=self._site.image,
            command=list(given.command),
            user=USER,
            readonly_root_filesystem=True,
            linux_parameters=linux,
            ulimits=[
                ecs.Ulimit(name=ecs.UlimitName.NOFILE, soft_limit=OPEN_FILES, hard_limit=OPEN_FILES)
            ],
            stop_timeout=_STOP,
            logging=ecs.LogDrivers.aws_logs(stream_prefix=given.name, log_group=self.log_group),
            health_check=ecs.HealthCheck(
                command=["CMD", "python", "-S", "-c", _health_probe(given)],
                interval=Duration.seconds(30),
                timeout=Duration.seconds(5),
                retries=3,
                start_period=Duration.seconds(60),
            ),
            port_mappings=[ecs.PortMapping(name=PORT_NAME, container_port=given.port)],
            environment={given.port_variable.value: str(given.port), **given.variables},
            secrets=dict(given.secrets) or None,
        )
        container.add_mount_points(
            ecs.MountPoint(container_path=_TMP, source_volume=_VOLUME, read_only=False)
        )
        return definition

    def _target_group(self, which: str) -> elbv2.ApplicationTargetGroup:
        return elbv2.ApplicationTargetGroup(
            self,
            which,
            vpc=self._site.vpc,
            port=self._container.port,
            protocol=elbv2.ApplicationProtocol.HTTP,
            target_type=elbv2.TargetType.IP,
            deregistration_delay=_DRAIN,
            health_check=elbv2.HealthCheck(
                path=HEALTH_PATH,
                healthy_http_codes="200",
                interval=Duration.seconds(30),
                timeout=Duration.seconds(5),
                healthy_threshold_count=2,
                unhealthy_threshold_count=3,
            ),
        )

    def _add_rules(self) -> list[elbv2.ApplicationListenerRule]:
        listeners = {"": self._site.load_balancer.listener}
        if self._site.load_balancer.test_listener is not None:
            listeners["Test"] = self._site.load_balancer.test_listener
        return [
            elbv2.ApplicationListenerRule(
                self,
                f"{which}Rule",
                listener=listener,
                priority=self._container.priority,
                conditions=[elbv2.ListenerCondition.host_headers([self._container.host])],
                # With blue/green, ECS moves the weights of both groups.
                action=elbv2.ListenerAction.weighted_forward(
                    [
                        elbv2.WeightedTargetGroup(target_group=group, weight=100 * (not number))
                        for number, group in enumerate(self.target_groups)
                    ]
                )
                if len(self.target_groups) > 1
                else elbv2.ListenerAction.forward(self.target_groups),
            )
            for which, listener in listeners.items()
        ]

    def _create_service(self) -> ecs.FargateService:
        settings, site = self._settings, self._site
        green = len(self.target_groups) > 1
        options: dict[str, Any] = (
            {
                "deployment_strategy": ecs.DeploymentStrategy.BLUE_GREEN,
                "bake_time": Duration.minutes(settings.bake_minutes),
            }
            if green
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
            capacity_provider_strategies=_strategy(settings),
            min_healthy_percent=100,
            max_healthy_percent=200,
            health_check_grace_period=_GRACE,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            deployment_alarms=ecs.DeploymentAlarmConfig(
                alarm_names=[self.broken.alarm_name],
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
        # ECS refuses a service whose target group no listener forwards to yet.
        service.node.add_dependency(*self._rules, self.broken)
        self._attach(service)
        return service

    def _attach(self, service: ecs.FargateService) -> None:
        """Register the service's tasks with the target groups."""
        rule = ecs.ListenerRuleConfiguration.application_listener_rule
        options: dict[str, Any] = {}
        if len(self.target_groups) > 1:
            options["alternate_target"] = ecs.AlternateTarget(
                "Alternate",
                alternate_target_group=self.target_groups[1],
                production_listener=rule(self._rules[0]),
                test_listener=rule(self._rules[1]),
            )
        target = service.load_balancer_target(
            container_name=self._container.name, container_port=self._container.port, **options
        )
        self.target_groups[0].add_target(target)

    def _alarm_on_failures(self, name: str) -> cloudwatch.Alarm:
        """Return the alarm that rolls a deployment back: many answers are server errors."""
        metrics: dict[str, cloudwatch.IMetric] = {}
        for number, group in enumerate(self.target_groups):
            metrics[f"failed{number}"] = group.metrics.http_code_target(
                elbv2.HttpCodeTarget.TARGET_5XX_COUNT, period=minute(), statistic="Sum"
            )
            metrics[f"all{number}"] = group.metrics.request_count(period=minute(), statistic="Sum")
        failed = _total("failed", len(self.target_groups))
        every = _total("all", len(self.target_groups))
        share = cloudwatch.MathExpression(
            expression=f"IF({failed} >= {_FEWEST_FAILURES}, 100 * ({failed}) / ({every}), 0)",
            using_metrics=metrics,
            label="percent of answers that are server errors",
            period=minute(),
        )
        return cloudwatch.Alarm(
            self,
            "Broken",
            alarm_name=name,
            alarm_description=(
                "Many answers are server errors: a deployment that is under way is rolled back."
            ),
            metric=share,
            threshold=_FAILED_PERCENT,
            evaluation_periods=_BROKEN_MINUTES,
            datapoints_to_alarm=2,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )


def _total(name: str, count: int) -> str:
    return " + ".join(f"FILL({name}{number}, 0)" for number in range(count))


def _health_probe(container: HttpContainer) -> str:
    return (
        "import os, urllib.request as r;"
        f"r.urlopen('http://127.0.0.1:' + os.environ['{container.port_variable.value}']"
        f" + '{HEALTH_PATH}', timeout=4).close()"
    )


def _strategy(settings: ServiceConfig) -> list[ecs.CapacityProviderStrategy]:
    shares = {
        "FARGATE": (settings.on_demand_base, 100 - settings.spot_percent),
        "FARGATE_SPOT": (0, settings.spot_percent),
    }
    return [
        ecs.CapacityProviderStrategy(capacity_provider=provider, base=base, weight=weight)
        for provider, (base, weight) in shares.items()
        if weight or base
    ]


def host_of(url: str) -> str:
    """Return the host name of an origin, for a listener's rule."""
    return str(urlsplit(url).hostname)
