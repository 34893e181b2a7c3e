"""Gap (1.5.33, local): RunTask needs a Docker daemon; a container by Podman or Docker."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from local.emulator.containers.task_process import TaskProcess
from local.images import Image

KEEPER = Path(__file__).with_name("container_keeper.py")
REASON = "reason"
SEARCHED = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def start(
    image: Image,
    *,
    name: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    definition: Mapping[str, Any],
    memory_mib: int | None,
    folder: Path,
    on_line: Callable[[str], None],
) -> TaskProcess:
    """Start a container that ends with the process this returns, however that one ends.

    `environment` is what ECS gives it; the rest is the image's own. `folder` is the container's
    here, for notes about it; it sees nothing of this machine but its network.
    """
    container = image.container
    if container is None:
        raise ValueError(f"No container tool is set for {image.repository_prefix}.")
    variables = folder / "environment"
    variables.write_text("".join(f"{name}={value}\n" for name, value in environment.items()))
    options = task_options(definition, memory_mib)
    return TaskProcess(
        [
            *(sys.executable, "-I", "-S", str(KEEPER)),
            *(name, str(folder / REASON), str(len(container.tool)), *container.tool),
            *(*container.run, *options, "--name", name, "--env-file", str(variables)),
            *(container.image, *command),
        ],
        environment={"PATH": SEARCHED, "HOME": str(folder), **container.environment},
        working_directory=folder,
        on_line=on_line,
    )


def task_options(definition: Mapping[str, Any], memory_mib: int | None) -> list[str]:
    """Return the options that a task definition asks for."""
    options = []
    if memory_mib is not None:
        # Without swap, as on Fargate: a container that needs more is killed.
        options += [f"--memory={memory_mib}m", f"--memory-swap={memory_mib}m"]
    if (definition.get("linuxParameters") or {}).get("initProcessEnabled"):
        options.append("--init")
    entry_point = definition.get("entryPoint")
    if entry_point:
        raise ValueError("A container's entryPoint is not supported here; give its whole command.")
    return options


def start_inside(image: Image, *, name: str, command: Sequence[str], folder: Path) -> TaskProcess:
    """Start another command inside a running container."""
    container = image.container
    if container is None:
        raise ValueError(f"No container tool is set for {image.repository_prefix}.")
    return TaskProcess(
        [*container.tool, "exec", name, *command],
        environment={"PATH": SEARCHED, "HOME": str(folder), **container.environment},
        working_directory=folder,
        on_line=lambda _line: None,
    )


def reason(folder: Path) -> str | None:
    """Return why a container ended, if its keeper has noted it."""
    note = folder / REASON
    return note.read_text() if note.exists() else None
