"""How many workers there are: as many as the backlog asks for, and none that had nothing to do.

docs/adr/0008 derives both formulas. Growing adds what is missing, shrinking goes down to what was
busy; which task goes is up to ECS, which spares those that protect themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from aws_cdk import Duration
from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from cdk.constructs.compute.service_scaling import DESIRED_COUNT, NAMESPACE, task_count
from cdk.constructs.observability.metrics import MINUTE, expression, in_work, waiting

MOST_STEPS = 20
"""Step adjustments that Application Auto Scaling allows in a policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingBounds:
    """How many workers there may be, and how they follow the work.

    `backlog_per_task` is the number of jobs for each worker, in work and waiting. New workers may
    take `start` before more are added. A worker without work stays for `idle`.
    """

    min_tasks: int
    max_tasks: int
    backlog_per_task: int
    start: Duration
    idle: Duration


class WorkerScaling(Construct):
    """`grow` and `shrink`, the alarms that drive the two policies."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: ecs.ICluster,
        service: ecs.IBaseService,
        queue_name: str,
        bounds: ScalingBounds,
        alarm_prefix: str,
    ) -> None:
        super().__init__(scope, construct_id)
        target = task_count(self, cluster, service, bounds)
        self._target = scaling.ScalableTarget.from_scalable_target_attributes(
            self,
            "TargetById",
            scalable_target_id=target.ref,
            service_namespace=NAMESPACE,
            scalable_dimension=DESIRED_COUNT,
        )
        self._queue_name = queue_name
        self._bounds = bounds
        self.grow = self._grow(f"{alarm_prefix}-grow")
        self.shrink = self._shrink(f"{alarm_prefix}-shrink")

    def _grow(self, name: str) -> cloudwatch.Alarm:
        """Add the workers that are missing, while messages wait.

        A job waits only while no worker is idle, so `in_work` equals the number of running workers.
        The cooldown covers those that are still starting.
        """
        backlog = self._bounds.backlog_per_task
        missing = expression(
            f"IF(waiting > 0, CEIL((waiting + FILL(in_work, 0)) / {backlog})"
            " - FILL(in_work, 0), 0)",
            "workers missing",
            MINUTE,
            waiting=waiting(self._queue_name, MINUTE),
            in_work=in_work(self._queue_name, MINUTE),
        )
        policy = scaling.StepScalingAction(
            self,
            "Grow",
            scaling_target=self._target,
            adjustment_type=scaling.AdjustmentType.CHANGE_IN_CAPACITY,
            cooldown=self._bounds.start,
            metric_aggregation_type=scaling.MetricAggregationType.MAXIMUM,
        )
        sizes = steps(self._bounds.max_tasks, MOST_STEPS)
        threshold = 1
        for below, size in pairwise((0, *sizes)):
            policy.add_adjustment(
                adjustment=size,
                lower_bound=below + 1 - threshold,
                upper_bound=None if size == sizes[-1] else size + 1 - threshold,
            )
        return self._alarm(
            "Missing",
            name=name,
            description="Jobs wait and workers are missing: more are started. No action is needed.",
            metric=missing,
            threshold=threshold,
            comparison=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            policy=policy,
        )

    def _shrink(self, name: str) -> cloudwatch.Alarm:
        """Keep as many workers as were busy at once, after some time in which nothing waited."""
        most, idle = self._bounds.max_tasks, self._bounds.idle
        busy = expression(
            f"IF(waiting > 0, {most}, FILL(in_work, 0))",
            "workers busy at once",
            idle,
            waiting=waiting(self._queue_name, idle),
            in_work=in_work(self._queue_name, idle),
        )
        policy = scaling.StepScalingAction(
            self,
            "Shrink",
            scaling_target=self._target,
            adjustment_type=scaling.AdjustmentType.EXACT_CAPACITY,
            cooldown=MINUTE,
            metric_aggregation_type=scaling.MetricAggregationType.MAXIMUM,
        )
        sizes = (0, *steps(most - 1, MOST_STEPS - 1))
        for below, size in zip((None, *sizes), sizes, strict=False):
            policy.add_adjustment(
                adjustment=max(size, self._bounds.min_tasks),
                lower_bound=None if below is None else below - most,
                upper_bound=0 if size == sizes[-1] else size - most,
            )
        return self._alarm(
            "Idle",
            name=name,
            description="Workers had nothing to do: they are stopped. No action is needed.",
            metric=busy,
            threshold=most,
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            policy=policy,
        )

    def _alarm(
        self,
        construct_id: str,
        *,
        name: str,
        description: str,
        metric: cloudwatch.IMetric,
        threshold: float,
        comparison: cloudwatch.ComparisonOperator,
        policy: scaling.StepScalingAction,
    ) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            alarm_name=name,
            alarm_description=description,
            metric=metric,
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=comparison,
            # SQS stops reporting a queue that was unused for hours; there is no work then.
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.ApplicationScalingAction(policy))
        return alarm


def steps(most: int, count: int) -> Sequence[int]:
    """Return the capacities above 0 that a policy steps through: at most `count`, up to `most`.

    A wanted number between two steps is rounded up, so a pool of more than twenty workers may
    have too many, by at most the ratio of two neighbouring steps.
    """
    if most <= count:
        return range(1, most + 1)
    ratio = most ** (1 / (count - 1))
    return sorted({1, *(ceil(ratio**step) for step in range(1, count - 1)), most})
