"""Builds the image of the API and the web pages, and pushes it.

Its context is a folder of its own: the pages' bundle is a link to the user's cache in a checkout,
which no container tool follows.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from cdk.config import ConfigError, load_environment
from cdk.naming import Names
from image import debian_base, host_registries
from image.build import LABEL, OFFICIAL_REGISTRY, BuildError, is_built
from image.engines import Engine
from image.push import (
    ENVIRONMENTS,
    PushError,
    client,
    ecr_login,
    push,
    repository_uri,
    write_digest,
)
from scripts.setup.commands import ROOT
from scripts.setup.virtualenvs import reachable

DOCKERFILE = "Dockerfile.service"
REPOSITORY = "lifestream-service"
TABLE = "service"
PACKAGES = (
    "core",
    "aws",
    "results",
    "corrections",
    "documents",
    "protection",
    "voices",
    "api",
    "web",
)
"""What the image holds of `runtime/`."""

LOCK = Path("image") / "locks" / "service.txt"
ASSETS = ROOT / ".lifestream" / "web"
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "client")
_BASE = "base"
"""A file of the context, which no step copies: the base is a part of what the name stands for."""

_TAG_CHARACTERS = 12


def build_service(engine: Engine) -> str:
    """Build the image, unless it is there, and return its local name; raise `BuildError`."""
    base = None
    if engine.mounts and not reachable(OFFICIAL_REGISTRY):
        base = debian_base.stand_in(engine)
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder) / "context"
        fill_context(context)
        if base:
            (context / _BASE).write_text(base)
        name = f"localhost/{REPOSITORY}:{digest_of(context)[:_TAG_CHARACTERS]}"
        if is_built(engine, name):
            return name
        command = [*engine.build, "--file", str(context / DOCKERFILE), "--tag", name]
        command += ["--label", f"{LABEL}.version={name.rpartition(':')[2]}"]
        if engine.mounts:
            for path, inside in host_registries.mounts(Path(folder)):
                command += ["--volume", f"{path}:{inside}:ro"]
        if base:
            command += ["--build-arg", f"BASE_IMAGE={base}", "--pull=never"]
        done = subprocess.run(
            [*command, str(context)], check=False, env=engine.process_environment()
        )
    if done.returncode != 0:
        raise BuildError(f"{engine.name} could not build the image (exit {done.returncode}).")
    return name


def fill_context(context: Path, *, root: Path = ROOT, assets: Path = ASSETS) -> None:
    """Copy what the image is made of into a folder; raise `BuildError` without the bundle."""
    if not assets.is_dir():
        raise BuildError(f"The pages' scripts and styles are not in {assets}. Run `make setup`.")
    (context / LOCK).parent.mkdir(parents=True)
    (context / "runtime").mkdir()
    for name in (DOCKERFILE, str(LOCK), "runtime/__init__.py"):
        shutil.copyfile(root / name, context / name)
    for name in PACKAGES:
        shutil.copytree(root / "runtime" / name, context / "runtime" / name, ignore=_LEFT_OUT)
    shutil.copytree(assets, context / "assets")


def digest_of(context: Path) -> str:
    """Return a digest of a folder's names and contents, in hexadecimal."""
    digest = hashlib.sha256()
    for path in sorted(path for path in context.rglob("*") if path.is_file()):
        digest.update(os.fsencode(path.relative_to(context)) + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def push_service(engine: Engine, image: str, environments: Sequence[str]) -> None:
    """Push the image for environments and write its digest into their files; raise `PushError`."""
    for name in environments:
        file = ENVIRONMENTS / f"{name}.toml"
        try:
            environment = load_environment(file)
            ecr = client("ecr", environment)
            repository = repository_uri(ecr, Names(environment.name).service_images)
            digest = push(engine, image, repository, ecr_login(ecr))
        except (ConfigError, BotoCoreError, ClientError) as error:
            raise PushError(f"{name}: {error}") from error
        write_digest(file, digest, table=TABLE)
        print(f"{repository}@{digest}\n  written to {file.relative_to(ROOT)}: deploy it")
