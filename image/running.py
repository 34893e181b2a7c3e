"""How the image is run locked down, as production's task definition would have it."""

from collections.abc import Sequence

from image.engines import PODMAN, Engine
from local.images import Container

PROCESSES = 1024
"""Threads count as processes: each of two cores' worth of libraries starts a few dozen."""


def locked_down(engine: Engine, *, network: str = "host") -> list[str]:
    """Return `run` options: nothing writable but /tmp, no capability, no way to gain any.

    Scratch space is the volume that the image declares at /tmp: on disk, not in memory, and gone
    with the container. `network` is the tool's own word, such as `host` or `none`.
    """
    options = [
        *("--network", network),
        *("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        f"--pids-limit={PROCESSES}",
    ]
    if engine.name == PODMAN:
        # Podman would put a file system in memory over the image's own volume, and complains in the
        # container's name where there is no systemd to time its health checks.
        options += ["--read-only-tmpfs=false", "--no-healthcheck"]
    return options


def run_command(engine: Engine, image: str, options: Sequence[str], *command: str) -> list[str]:
    """Return the command that runs an image; raise `ValueError` where the tool cannot run any."""
    return [*_tool(engine), "run", *options, image, *command]


def container(engine: Engine, image: str, *, network: str = "host") -> Container:
    """Return how the local cloud is to run the image."""
    tool = _tool(engine)
    return Container(
        tool=tool,
        run=("run", *locked_down(engine, network=network)),
        image=image,
        environment=dict(engine.environment),
    )


def _tool(engine: Engine) -> tuple[str, ...]:
    if engine.run is None:
        raise ValueError(f"{engine.name} builds images but runs none; install podman.")
    return engine.run
