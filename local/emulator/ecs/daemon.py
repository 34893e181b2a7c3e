"""Gap (1.5.33, partly upstream): RunTask needs a Docker daemon; starts local processes.

ministack drives containers through the Docker SDK's objects; `ProcessDaemon` offers the few of
them that it uses. Log lines go straight to the container's awslogs stream.
Upstream: its clean-up of sidecars is a fault of its own.
"""

import contextlib
import shutil
from typing import Any

from ministack.services import ecs

from local.emulator.containers.image_registry import ImageRegistry
from local.emulator.containers.registry import ContainerRegistry, NoSuchContainerError
from local.emulator.patching import around, replace
from local.emulator.settings import Settings

Task = dict[str, Any]


class ProcessDaemon:
    """The Docker client that ministack is given; removes what an earlier emulator left."""

    def __init__(self, settings: Settings) -> None:
        shutil.rmtree(settings.tasks_dir, ignore_errors=True)
        self.containers = ContainerRegistry(
            settings.images, settings.tasks_dir, settings.front_doors
        )
        self.images = ImageRegistry(settings.images)

    def ping(self) -> bool:
        """Answer as a daemon that is up."""
        return True

    def explain(self, task: Task) -> None:
        """Add to a task's containers why they ended, where more is known than an exit code."""
        for described, identifier in zip(
            task["containers"], task.get("_docker_ids") or [], strict=False
        ):
            with contextlib.suppress(NoSuchContainerError):
                if reason := self.containers.get(identifier).reason:
                    described["reason"] = reason

    def kill_all(self) -> None:
        """Kill every task at once and remove their folders."""
        for container in self.containers.all():
            container.kill()
        for container in self.containers.all():
            container.remove()


def install(settings: Settings) -> ProcessDaemon:
    """Make ministack's ECS run processes; return the daemon so that it can be shut down."""
    daemon = ProcessDaemon(settings)
    ecs._docker = daemon

    @around(ecs, "_cleanup_task_resources")
    def clean_up(original: Any, task: Task, client: Any, extra: Any = None) -> None:
        # ministack passes no client when a task ended by itself, which would leave sidecars alive.
        original(task, client or daemon, extra)

    @around(ecs, "_mark_task_stopped")
    def mark_stopped(original: Any, arn: str, task: Task, *rest: Any, **more: Any) -> Any:
        daemon.explain(task)
        return original(arn, task, *rest, **more)

    @around(ecs, "reset")
    def reset(original: Any) -> None:
        daemon.kill_all()
        original()

    # Lines are delivered by the process itself, so that none is missing when the task is STOPPED.
    replace(ecs, "_start_awslogs_forwarder", lambda *_: None, module=__name__)
    return daemon
