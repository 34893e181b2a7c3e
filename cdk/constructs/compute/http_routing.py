"""How requests reach the tasks of an HTTP service, and the alarm on their answers."""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct

from cdk.constructs.compute.http_task import HEALTH_PATH, HttpContainer
from cdk.constructs.network.public_load_balancer import PublicLoadBalancer
from cdk.constructs.observability.metrics import MINUTE

_DRAIN = Duration.seconds(25)
"""How long a task that leaves may finish its requests: within its time to stop."""

_FAILED_PERCENT = 5
_FEWEST_FAILURES = 5
_BROKEN_MINUTES = 3


class HttpRouting:
    """`target_groups` (two with blue/green), `rules` of the listeners, and `broken` (alarm)."""

    def __init__(
        self,
        scope: Construct,
        *,
        vpc: ec2.IVpc,
        load_balancer: PublicLoadBalancer,
        container: HttpContainer,
        blue_green: bool,
        alarm_name: str,
    ) -> None:
        self._scope, self._container = scope, container
        self.target_groups = [
            self._target_group(which, vpc)
            for which in (["Blue", "Green"] if blue_green else ["Blue"])
        ]
        self.rules = self._add_rules(load_balancer)
        self.broken = self._alarm_on_failures(alarm_name)

    def attach(self, service: ecs.FargateService) -> None:
        """Register the service's tasks with the target groups."""
        # ECS refuses a service whose target group no listener forwards to yet.
        service.node.add_dependency(*self.rules, self.broken)
        rule = ecs.ListenerRuleConfiguration.application_listener_rule
        options: dict[str, Any] = {}
        if len(self.target_groups) > 1:
            options["alternate_target"] = ecs.AlternateTarget(
                "Alternate",
                alternate_target_group=self.target_groups[1],
                production_listener=rule(self.rules[0]),
                test_listener=rule(self.rules[1]),
            )
        target = service.load_balancer_target(
            container_name=self._container.name, container_port=self._container.port, **options
        )
        self.target_groups[0].add_target(target)

    def _target_group(self, which: str, vpc: ec2.IVpc) -> elbv2.ApplicationTargetGroup:
        return elbv2.ApplicationTargetGroup(
            self._scope,
            which,
            vpc=vpc,
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

    def _add_rules(self, load_balancer: PublicLoadBalancer) -> list[elbv2.ApplicationListenerRule]:
        listeners = {"": load_balancer.listener}
        if load_balancer.test_listener is not None:
            listeners["Test"] = load_balancer.test_listener
        return [
            elbv2.ApplicationListenerRule(
                self._scope,
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

    def _alarm_on_failures(self, name: str) -> cloudwatch.Alarm:
        """Return the alarm that rolls a deployment back: many answers are server errors."""
        metrics: dict[str, cloudwatch.IMetric] = {}
        for number, group in enumerate(self.target_groups):
            metrics[f"failed{number}"] = group.metrics.http_code_target(
                elbv2.HttpCodeTarget.TARGET_5XX_COUNT, period=MINUTE, statistic="Sum"
            )
            metrics[f"all{number}"] = group.metrics.request_count(period=MINUTE, statistic="Sum")
        failed = _total("failed", len(self.target_groups))
        every = _total("all", len(self.target_groups))
        share = cloudwatch.MathExpression(
            expression=f"IF({failed} >= {_FEWEST_FAILURES}, 100 * ({failed}) / ({every}), 0)",
            using_metrics=metrics,
            label="percent of answers that are server errors",
            period=MINUTE,
        )
        return cloudwatch.Alarm(
            self._scope,
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
