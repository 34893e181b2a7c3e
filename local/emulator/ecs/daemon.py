"""Gap: RunTask needs a Docker daemon. Closed by a daemon of ours that starts local processes.

ministack drives containers through the Docker SDK's objects; `ProcessDaemon` offers the few of
them that it uses. Log lines go straight to the container's awslogs stream.
"""

import contextlib
import shutil
from typing import Any

from ministack.services import ecs

from local.emulator.containers.image_registry import ImageRegistry
from local.emulator.containers.registry import ContainerRegistry, NoSuchContainerError
from local.emulator.containers.running_container import RunningContainer
from local.emulator.settings import Settings


class ProcessDaemon:
    """The Docker client that ministack is given."""

    def __init__(self, settings: Settings) -> None:
        """Start with no container; leftovers of an earlier emulator are removed."""
        shutil.rmtree(settings.tasks_dir, ignore_errors=True)
        self.containers = ContainerRegistry(settings.images, settings.tasks_dir)
        self.images = ImageRegistry(settings.images)

    def ping(self) -> bool:
        """Answer as a daemon that is up."""
        return True

    def explain(self, task: dict[str, Any]) -> None:
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
    clean_up = ecs._cleanup_task_resources

    def clean_up_with_daemon(
        task: dict[str, Any], client: ProcessDaemon | None, extra: RunningContainer | None = None
    ) -> None:
        # ministack passes no client when a task ended by itself, which would leave sidecars alive.
        clean_up(task, client or daemon, extra)

    mark_stopped = ecs._mark_task_stopped

    def mark_stopped_with_reasons(arn: str, task: dict[str, Any], *rest: Any, **more: Any) -> bool:
        daemon.explain(task)
        changed: bool = mark_stopped(arn, task, *rest, **more)
        return changed

    reset = ecs.reset

    def reset_with_daemon() -> None:
        daemon.kill_all()
        reset()

    ecs.reset = reset_with_daemon
    ecs._docker = daemon
    ecs._mark_task_stopped = mark_stopped_with_reasons
    ecs._cleanup_task_resources = clean_up_with_daemon
    # Lines are delivered by the process itself, so that none is missing when the task is STOPPED.
    ecs._start_awslogs_forwarder = lambda *_: None
    return daemon
