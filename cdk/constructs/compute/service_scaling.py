"""How many tasks a service has: by CPU and by requests, and none outside of office hours."""

from collections.abc import Sequence
from typing import Any, Protocol

from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from cdk.config.service import ServiceConfig

NAMESPACE = "ecs"
DESIRED_COUNT = "ecs:service:DesiredCount"
_SLOW = 300
"""Seconds before tasks are removed again: a lull between two peaks costs less than a start."""

_FAST = 60
_Target = scaling.CfnScalableTarget
_Policy = scaling.CfnScalingPolicy


class TaskBounds(Protocol):
    """The fewest and the most tasks."""

    @property
    def min_tasks(self) -> int:
        """The fewest."""

    @property
    def max_tasks(self) -> int:
        """The most."""


def task_count(
    scope: Construct,
    cluster: ecs.ICluster,
    service: ecs.IBaseService,
    bounds: TaskBounds,
    **properties: Any,
) -> scaling.CfnScalableTarget:
    """Return the number of a service's tasks as a scalable target.

    CDK's own target requires a role; Application Auto Scaling creates a service-linked one.
    """
    return scaling.CfnScalableTarget(
        scope,
        "Target",
        service_namespace=NAMESPACE,
        scalable_dimension=DESIRED_COUNT,
        resource_id=f"service/{cluster.cluster_name}/{service.service_name}",
        min_capacity=bounds.min_tasks,
        max_capacity=bounds.max_tasks,
        **properties,
    )


class ServiceScaling(Construct):
    """The scalable target of a service, its two policies and its schedule.

    `requests` are metrics of requests for each target, one for each target group: with blue/green
    deployments, the groups take turns and the idle one has no data.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: ecs.ICluster,
        service: ecs.IBaseService,
        settings: ServiceConfig,
        requests: Sequence[cloudwatch.Metric],
    ) -> None:
        super().__init__(scope, construct_id)
        self.target = task_count(
            self, cluster, service, settings, scheduled_actions=_schedule(settings) or None
        )
        self._policy(
            "Cpu",
            settings.cpu_percent,
            predefined_metric_specification=_Policy.PredefinedMetricSpecificationProperty(
                predefined_metric_type="ECSServiceAverageCPUUtilization"
            ),
        )
        self._policy(
            "Requests",
            settings.requests_per_task,
            customized_metric_specification=_Policy.CustomizedMetricSpecificationProperty(
                metrics=_sum_of(requests)
            ),
        )

    def _policy(self, construct_id: str, target: float, **specification: Any) -> None:
        scaling.CfnScalingPolicy(
            self,
            construct_id,
            policy_name=f"{self.node.path.replace('/', '-')}-{construct_id}",
            policy_type="TargetTrackingScaling",
            scaling_target_id=self.target.ref,
            target_tracking_scaling_policy_configuration=(
                _Policy.TargetTrackingScalingPolicyConfigurationProperty(
                    target_value=target,
                    scale_in_cooldown=_SLOW,
                    scale_out_cooldown=_FAST,
                    **specification,
                )
            ),
        )


def _schedule(settings: ServiceConfig) -> list[scaling.CfnScalableTarget.ScheduledActionProperty]:
    if settings.off_hours_begin is None or settings.off_hours_end is None:
        return []
    return [
        _action("off-hours-begin", _cron(settings.off_hours_begin, "*"), 0, 0),
        _action(
            "off-hours-end",
            _cron(settings.off_hours_end, "MON-FRI"),
            settings.min_tasks,
            settings.max_tasks,
        ),
    ]


def _action(
    name: str, schedule: str, least: int, most: int
) -> scaling.CfnScalableTarget.ScheduledActionProperty:
    return _Target.ScheduledActionProperty(
        scheduled_action_name=name,
        schedule=schedule,
        timezone="UTC",
        scalable_target_action=_Target.ScalableTargetActionProperty(
            min_capacity=least, max_capacity=most
        ),
    )


def _cron(time: str, days: str) -> str:
    hour, minute = (int(part) for part in time.split(":"))
    return f"cron({minute} {hour} ? * {days} *)"


def _sum_of(
    requests: Sequence[cloudwatch.Metric],
) -> list[scaling.CfnScalingPolicy.TargetTrackingMetricDataQueryProperty]:
    names = [f"m{number}" for number in range(1, len(requests) + 1)]
    queries = [
        _Policy.TargetTrackingMetricDataQueryProperty(
            id=name,
            return_data=False,
            metric_stat=_Policy.TargetTrackingMetricStatProperty(
                stat="Sum",
                metric=_Policy.TargetTrackingMetricProperty(
                    namespace=metric.namespace,
                    metric_name=metric.metric_name,
                    dimensions=[
                        _Policy.TargetTrackingMetricDimensionProperty(name=key, value=value)
                        for key, value in (metric.dimensions or {}).items()
                    ],
                ),
            ),
        )
        for name, metric in zip(names, requests, strict=True)
    ]
    total = _Policy.TargetTrackingMetricDataQueryProperty(
        id="total",
        return_data=True,
        label="requests for each task",
        expression="+".join(f"FILL({name}, 0)" for name in names),
    )
    return [*queries, total]
