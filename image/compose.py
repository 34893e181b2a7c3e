"""`python -m image compose`: builds what compose.yaml runs, and runs it."""

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from image.build import BuildError, build, default_models, fitted_to_this_machine, registry_mounts
from image.content import Variant
from image.engines import DOCKER, Engine
from image.service import build_service
from image.tools import tool
from scripts.setup.commands import ROOT

FILE = ROOT / "compose.yaml"
CLOUD_DOCKERFILE, CACHE_DOCKERFILE = "Dockerfile.cloud", "Dockerfile.cache"
CLOUD_IMAGE = "localhost/lifestream-cloud:latest"
CACHE_IMAGE = "localhost/lifestream-cache:latest"
IMAGES = {CLOUD_DOCKERFILE: CLOUD_IMAGE, CACHE_DOCKERFILE: CACHE_IMAGE}
SERVICE_PROFILE = "service"


class Network(StrEnum):
    """The network of the containers: none but their common loopback, or the machine's."""

    NONE = "none"
    HOST = "host"


def compose(engine: Engine, *, videos: Path, out: Path, network: Network) -> int:
    """Build all images and stay until interrupted; return Compose's exit status.

    Raises `BuildError`.
    """
    settings = {
        "IMAGE": build(engine, Variant(models=default_models())),
        "SERVICE_IMAGE": build_service(engine),
        "CLOUD_IMAGE": build_part(engine, CLOUD_DOCKERFILE),
        "CACHE_IMAGE": build_part(engine, CACHE_DOCKERFILE),
        "COMPOSE_PROFILES": SERVICE_PROFILE,
        "NETWORK": network,
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


def build_part(engine: Engine, dockerfile: str) -> str:
    """Build one of `IMAGES` and return its local name; raise `BuildError`."""
    base = fitted_to_this_machine(engine, Variant()).base
    with tempfile.TemporaryDirectory() as folder:
        mounts = registry_mounts(Path(folder)) if engine.mounts else []
        done = subprocess.run(
            build_command(engine, dockerfile, base=base, mounts=mounts),
            check=False,
            env=engine.process_environment(),
        )
    if done.returncode != 0:
        raise BuildError(f"{engine.name} could not build {dockerfile} (exit {done.returncode}).")
    return IMAGES[dockerfile]


def build_command(
    engine: Engine, dockerfile: str, *, base: str | None, mounts: Sequence[tuple[Path, Path]]
) -> list[str]:
    """Return the whole command of a build."""
    command = [*engine.build, "--file", str(ROOT / dockerfile), "--tag", IMAGES[dockerfile]]
    if base:
        command += ["--build-arg", f"BASE_IMAGE={base}"]
        command += ["--pull=never"] if engine.mounts else []
    for source, target in mounts:
        command += ["--volume", f"{source}:{target}:ro"]
    return [*command, str(ROOT)]
