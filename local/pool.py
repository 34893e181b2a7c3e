"""The pool of workers in a local cloud: how many there are, and videos to keep them busy."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.cloud import LocalCloud
from local.variants import variant
from runtime.core.contract import Output

NOTHING_SECONDS = 180.0
LOOK_SECONDS = 0.5


class PoolDidNotShrinkError(RuntimeError):
    """Workers without work are still there."""


class Pool:
    """The deployed service of workers."""

    def __init__(self, cloud: LocalCloud, outputs: Mapping[str, str]) -> None:
        """Find the service by the environment's outputs."""
        self._ecs = cloud.client("ecs")
        self._scaling = cloud.client("application-autoscaling")
        self.cluster = outputs[Output.CLUSTER]
        self.name = outputs[Output.WORKER_SERVICE]

    def describe(self) -> dict[str, Any]:
        """Return the service as ECS describes it."""
        found: dict[str, Any] = self._ecs.describe_services(
            cluster=self.cluster, services=[self.name]
        )["services"][0]
        return found

    def update(self, **changes: Any) -> None:
        """Change the service."""
        self._ecs.update_service(cluster=self.cluster, service=self.name, **changes)

    def dismiss(self) -> None:
        """Want no worker any more, whatever the alarms on the queue still ask for."""
        self._scaling.register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId=f"service/{self.cluster}/{self.name}",
            ScalableDimension="ecs:service:DesiredCount",
            SuspendedState={"DynamicScalingOutSuspended": True},
        )
        self.update(desiredCount=0)

    def tasks(self) -> list[dict[str, Any]]:
        """Return the workers that are not stopped, those that are stopping among them."""
        arns: list[str] = []
        for desired in ("RUNNING", "STOPPED"):
            listed = self._ecs.list_tasks(
                cluster=self.cluster, serviceName=self.name, desiredStatus=desired
            )
            arns += listed["taskArns"]
        found: list[dict[str, Any]] = (
            self._ecs.describe_tasks(cluster=self.cluster, tasks=arns)["tasks"] if arns else []
        )
        return [task for task in found if task["lastStatus"] != "STOPPED"]

    def await_nothing(self, seconds: float = NOTHING_SECONDS) -> float:
        """Wait until no worker is left and return how long that took.

        Raises `PoolDidNotShrinkError`.
        """
        began = time.monotonic()
        while self.describe()["desiredCount"] or self.tasks():
            if time.monotonic() - began > seconds:
                raise PoolDidNotShrinkError(f"Workers are left after {seconds:.0f} s.")
            time.sleep(LOOK_SECONDS)
        return time.monotonic() - began


def another(video: Path, folder: Path) -> Path:
    """Write a copy of a video into a folder that is another video to Lifestream."""
    copy = folder / f"{video.stem}-again{video.suffix}"
    copy.write_bytes(variant(video.read_bytes(), "again"))
    return copy
