"""Gap (1.5.33, local): RunTask needs a Docker daemon; starts local processes or real containers."""

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ministack.core.responses import get_region
from ministack.services import ecs

from local.emulator.containers import task_container
from local.emulator.containers.placement import Placement, log_stream, place
from local.emulator.containers.running_container import RunInside, RunningContainer
from local.emulator.containers.task_environment import container_environment, declared_environment
from local.emulator.containers.task_process import TaskProcess
from local.emulator.settings import HOST
from local.images import Image, Images
from local.ports import free_port


class NoSuchContainerError(Exception):
    """The daemon has no container of that id."""


@dataclass(frozen=True, slots=True)
class ContainerRegistry:
    """The daemon's containers."""

    images: Images
    tasks_dir: Path
    front_doors: Mapping[str, int] = field(default_factory=dict)
    _by_id: dict[str, RunningContainer] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def all(self) -> tuple[RunningContainer, ...]:
        """Return every container that was started."""
        return tuple(self._by_id.values())

    def get(self, container_id: str) -> RunningContainer:
        """Return a container; raise `NoSuchContainerError`."""
        found = self._by_id.get(container_id)
        if found is None:
            raise NoSuchContainerError(container_id)
        return found

    def run(
        self,
        image: str,
        *,
        command: list[str] | None = None,
        environment: dict[str, str],
        labels: dict[str, str],
        name: str,
        **_: Any,
    ) -> RunningContainer:
        """Start a container's command. Other options of Docker mean nothing to a process."""
        found = self.images.find(image)
        if found is None:
            raise ecs._ImagePullError(
                f"pull image manifest: no local image stands for {image}; see local/images.py"
            )
        start = start_process if found.container is None else start_container
        placement = place(name, labels, self.tasks_dir)
        ports = {variable: str(free_port()) for variable in found.own_ports}
        declared = connected(environment, self.front_doors)
        process, run_inside = start(found, placement, command or [], {**declared, **ports})
        published = {
            int(environment[name]): int(port) for name, port in ports.items() if name in environment
        }
        container = RunningContainer(process, placement, run_inside, published)
        with self._lock:
            self._by_id[container.id] = container
        return container


def connected(environment: Mapping[str, str], front_doors: Mapping[str, int]) -> dict[str, str]:
    """Return variables with the addresses that ECS Service Connect resolves, `http://NAME:PORT`.

    A service's name leads to its front door, which also finds a task that serves.
    """
    return {
        variable: next(
            (
                f"http://{HOST}:{door}"
                for name, door in front_doors.items()
                if re.fullmatch(rf"http://{re.escape(name)}:\d+", value)
            ),
            value,
        )
        for variable, value in environment.items()
    }


def start_process(
    image: Image, placement: Placement, command: Sequence[str], environment: Mapping[str, str]
) -> tuple[TaskProcess, RunInside]:
    """Start a container's command as a process with the container's environment."""
    inside = container_environment(
        environment,
        image=image,
        region=get_region(),
        endpoint_host=HOST,
        scratch=placement.scratch,
        mounted_paths=placement.mounted_paths,
    )

    def run(command: Sequence[str], on_line: Callable[[str], None]) -> TaskProcess:
        return TaskProcess(
            command, environment=inside, working_directory=placement.scratch, on_line=on_line
        )

    whole = image.whole_command(placement.container.get("entryPoint") or (), command)
    process = run(whole, log_stream(placement))
    return process, lambda command: run(command, lambda _line: None)


def start_container(
    image: Image, placement: Placement, command: Sequence[str], environment: Mapping[str, str]
) -> tuple[TaskProcess, RunInside]:
    """Start a container's command in a real container."""
    process = task_container.start(
        image,
        name=placement.name,
        command=command,
        environment=declared_environment(environment, region=get_region(), endpoint_host=HOST),
        definition=placement.container,
        memory_mib=placement.memory_mib,
        folder=placement.scratch,
        on_line=log_stream(placement),
    )

    def run_inside(command: Sequence[str]) -> TaskProcess:
        return task_container.start_inside(
            image, name=placement.name, command=command, folder=placement.scratch
        )

    return process, run_inside
