"""The pool of workers in a local cloud: how many there are, and videos to occupy them."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.cloud import LocalCloud
from local.variants import variant
from runtime.core.contract import Output

EMPTY_SECONDS = 600.0
POLL_SECONDS = 0.5


class PoolNotEmptyError(RuntimeError):
    """Workers without work are still running."""


class Pool:
    """The deployed service of workers, found by the environment's outputs."""

    def __init__(self, cloud: LocalCloud, outputs: Mapping[str, str]) -> None:
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

    def scale_to_zero(self) -> None:
        """Stop all workers, whatever the alarms on the queue still ask for."""
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

    def await_empty(self, seconds: float = EMPTY_SECONDS) -> float:
        """Wait until no worker is left and return how long that took.

        Raises `PoolNotEmptyError`.
        """
        began = time.monotonic()
        while self.describe()["desiredCount"] or self.tasks():
            if time.monotonic() - began > seconds:
                raise PoolNotEmptyError(f"Workers are left after {seconds:.0f} s.")
            time.sleep(POLL_SECONDS)
        return time.monotonic() - began


def distinct_copy(video: Path, folder: Path) -> Path:
    """Write a copy of a video into a folder; its bytes differ, so it is a job of its own."""
    copy = folder / f"{video.stem}-again{video.suffix}"
    copy.write_bytes(variant(video.read_bytes(), "again"))
    return copy
