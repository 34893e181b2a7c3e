"""Worker services on ECS, and the bounds of their scaling in Application Auto Scaling."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runtime.aws.sdk_errors import typed_faults
from runtime.core.contract import Compute
from runtime.core.service_ports import PoolState

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient

_DIMENSION = "ecs:service:DesiredCount"


class EcsWorkerPools:
    """Services of one cluster, by the kind of compute."""

    def __init__(
        self, ecs: "ECSClient", scaling: Any, *, cluster: str, services: Mapping[Compute, str]
    ) -> None:
        self._ecs = ecs
        self._scaling = scaling
        self._cluster = cluster
        self._services = services

    def state(self, kind: Compute) -> PoolState | None:
        """Return a service with its bounds; None where there is no such service."""
        name = self._services.get(kind)
        if name is None:
            return None
        with typed_faults(f"describing the service {name}"):
            found = self._ecs.describe_services(cluster=self._cluster, services=[name])
        services = [each for each in found["services"] if each["status"] == "ACTIVE"]
        if not services:
            return None
        target = self._target(name)
        desired = services[0]["desiredCount"]
        suspended = target.get("SuspendedState", {})
        return PoolState(
            running=services[0]["runningCount"],
            desired=desired,
            min_tasks=target.get("MinCapacity", desired),
            max_tasks=target.get("MaxCapacity", desired),
            paused=bool(suspended.get("DynamicScalingOutSuspended", False)),
        )

    def change(
        self,
        kind: Compute,
        *,
        min_tasks: int | None = None,
        max_tasks: int | None = None,
        paused: bool | None = None,
    ) -> None:
        """Register the scalable target with what is given; a pause suspends scaling out."""
        name = self._services[kind]
        suspended = {"DynamicScalingOutSuspended": paused, "ScheduledScalingSuspended": paused}
        given = {
            "MinCapacity": min_tasks,
            "MaxCapacity": max_tasks,
            "SuspendedState": None if paused is None else suspended,
        }
        with typed_faults(f"changing the bounds of the service {name}"):
            self._scaling.register_scalable_target(
                ServiceNamespace="ecs",
                ResourceId=f"service/{self._cluster}/{name}",
                ScalableDimension=_DIMENSION,
                **{name: value for name, value in given.items() if value is not None},
            )

    def _target(self, name: str) -> dict[str, Any]:
        with typed_faults(f"reading the bounds of the service {name}"):
            answer = self._scaling.describe_scalable_targets(
                ServiceNamespace="ecs",
                ResourceIds=[f"service/{self._cluster}/{name}"],
                ScalableDimension=_DIMENSION,
            )
        targets: list[dict[str, Any]] = answer["ScalableTargets"]
        return targets[0] if targets else {}
