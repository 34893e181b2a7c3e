"""`python -m image compose`: builds what compose.yaml runs, and runs it."""

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from image.build import BuildError, build, default_models, fitted_to_this_machine, registry_mounts
from image.content import Variant
from image.engines import DOCKER, Engine
from image.tools import tool
from scripts.setup.commands import ROOT

FILE = ROOT / "compose.yaml"
CLOUD_DOCKERFILE = "Dockerfile.cloud"
CLOUD_IMAGE = "localhost/lifestream-cloud:latest"


def compose(engine: Engine, *, videos: Path, out: Path) -> int:
    """Build both images and stay until interrupted; return Compose's exit status.

    Raises `BuildError`.
    """
    settings = {
        "IMAGE": build(engine, Variant(models=default_models())),
        "CLOUD_IMAGE": build_cloud(engine),
        "OWNER": f"{os.getuid()}:{os.getgid()}",
        "VIDEOS": str(videos),
        "OUT": str(out),
    }
    for folder in (videos, out):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        up = ["up", "--no-build"]
        return subprocess.run(
            [*command(engine), *up], check=False, env=environment(engine, settings)
        ).returncode
    except KeyboardInterrupt:
        return 0
    finally:
        # Compose stops its containers on Ctrl-C, but does not remove them.
        subprocess.run(
            [*command(engine), "down", "--volumes"],
            check=False,
            env=environment(engine, settings),
        )


def command(engine: Engine) -> list[str]:
    """Return what begins each command of Compose: Docker's own, or podman-compose from PyPI."""
    if engine.name == DOCKER:
        return [DOCKER, "compose", "--file", str(FILE)]
    return [str(tool("podman-compose")), "--file", str(FILE)]


def environment(engine: Engine, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of Compose: the engine's own, and what compose.yaml leaves open."""
    return {**engine.process_environment(), **settings}


def build_cloud(engine: Engine) -> str:
    """Build the image of the local cloud and return its local name; raise `BuildError`."""
    base = fitted_to_this_machine(engine, Variant()).base
    with tempfile.TemporaryDirectory() as folder:
        mounts = registry_mounts(Path(folder)) if engine.mounts else []
        done = subprocess.run(
            cloud_build_command(engine, base=base, mounts=mounts),
            check=False,
            env=engine.process_environment(),
        )
    if done.returncode != 0:
        raise BuildError(f"{engine.name} could not build the cloud (exit {done.returncode}).")
    return CLOUD_IMAGE


def cloud_build_command(
    engine: Engine, *, base: str | None, mounts: Sequence[tuple[Path, Path]]
) -> list[str]:
    """Return the whole command of the cloud's build."""
    command = [*engine.build, "--file", str(ROOT / CLOUD_DOCKERFILE), "--tag", CLOUD_IMAGE]
    if base:
        command += ["--build-arg", f"BASE_IMAGE={base}"]
        command += ["--pull=never"] if engine.mounts else []
    for source, target in mounts:
        command += ["--volume", f"{source}:{target}:ro"]
    return [*command, str(ROOT)]
