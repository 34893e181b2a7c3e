"""`python -m image compose`: builds what compose.yaml runs, and runs it."""

import os
import subprocess
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from image.build import base_arguments, build, default_models, run_build
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

    def run(*words: str) -> int:
        given = environment(engine, settings)
        return subprocess.run([*command(engine), *words], check=False, env=given).returncode

    try:
        return run("up", "--no-build")
    except KeyboardInterrupt:
        return 0
    finally:
        # Compose stops its containers on Ctrl-C, but does not remove them.
        run("down", "--volumes")


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
    run_build(engine, IMAGES[dockerfile], ROOT, dockerfile, base_arguments(engine))
    return IMAGES[dockerfile]
