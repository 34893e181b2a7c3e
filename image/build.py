"""Builds the processor's image with the container tool of this machine."""

import os
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from image import debian_base, host_registries
from image.content import DOCKERFILE, ModelSource, Variant, content_tag
from image.engines import PODMAN, Engine
from scripts.setup.commands import ROOT, cache_folder
from scripts.setup.virtualenvs import TORCH_CPU_INDEX, reachable

REPOSITORY = "lifestream-processor"
TOKEN_VARIABLE = "HF_TOKEN"  # noqa: S105 - the name of the variable, not what is in it
HUB_VARIABLE = "HF_ENDPOINT"
"""Another address of the model hub, by the variable that its own client reads."""

REVISION_VARIABLE = "REVISION"
LABEL = "org.opencontainers.image"
OFFICIAL_REGISTRY = "registry-1.docker.io"
WEIGHTS_IN_BUILD = "/var/cache/lifestream/wheels"


class BuildError(RuntimeError):
    """The image could not be built; the tool's own output is above."""


def default_models() -> ModelSource:
    """Return where models come from by default: the hub, if there is a token for it."""
    return "hf" if os.environ.get(TOKEN_VARIABLE) else "packages"


def build(engine: Engine, variant: Variant, *, target: str = "", context: Path = ROOT) -> str:
    """Build a variant, unless its image is there, and return its local name; raise `BuildError`.

    The name has a digest of all that the image is made of, except the label of a revision. The
    tool's output goes to this process's. Where the official base cannot be pulled, a stand-in
    takes its place; where PyTorch's index is not reached, pip's own settings must have the wheel.
    """
    variant = fitted_to_this_machine(engine, variant)
    name = f"localhost/{REPOSITORY}:{content_tag(variant, root=context)}"
    if target:
        name += f"-{target}"
    elif not os.environ.get(REVISION_VARIABLE) and is_built(engine, name):
        return name
    with tempfile.TemporaryDirectory() as folder:
        command = build_command(
            engine,
            variant,
            name=name,
            target=target,
            context=context,
            mounts=registry_mounts(Path(folder)) if engine.mounts else (),
            has_token=bool(os.environ.get(TOKEN_VARIABLE)),
        )
        done = subprocess.run(command, check=False, env=engine.process_environment())
    if done.returncode != 0:
        raise BuildError(f"{engine.name} could not build the image (exit {done.returncode}).")
    return name


def is_built(engine: Engine, name: str) -> bool:
    """Return whether Podman has an image; with all layers cached it would copy 1.5 GB again.

    False for the other tools.
    """
    if engine.name != PODMAN:
        return False
    found = subprocess.run(
        [*engine.manage, "image", "exists", name], check=False, env=engine.process_environment()
    )
    return found.returncode == 0


def build_command(
    engine: Engine,
    variant: Variant,
    *,
    name: str,
    target: str,
    context: Path,
    mounts: Iterable[tuple[Path, Path]],
    has_token: bool,
) -> list[str]:
    """Return the whole command of a build."""
    command = [*engine.build, "--file", str(context / DOCKERFILE), "--tag", name]
    for argument, value in variant.build_arguments().items():
        command += ["--build-arg", f"{argument}={value}"]
    command += ["--label", f"{LABEL}.version={name.rpartition(':')[2]}"]
    if revision := os.environ.get(REVISION_VARIABLE):
        command += ["--label", f"{LABEL}.revision={revision}"]
    if hub := os.environ.get(HUB_VARIABLE):
        command += ["--build-arg", f"{HUB_VARIABLE}={hub}"]
    if variant.platform:
        command += ["--platform", variant.platform]
    if target:
        command += ["--target", target]
    if has_token:
        command += ["--secret", f"id={TOKEN_VARIABLE},env={TOKEN_VARIABLE}"]
    for path, inside in mounts:
        command += ["--volume", f"{path}:{inside}:ro"]
    if variant.base and variant.base.startswith("localhost/"):
        command += ["--pull=never"] if engine.mounts else []
    return [*command, str(context)]


def fitted_to_this_machine(engine: Engine, variant: Variant) -> Variant:
    """Fill in what this machine cannot reach: the official base, PyTorch's index."""
    if variant.base is None and engine.mounts and not reachable(OFFICIAL_REGISTRY):
        variant = replace(variant, base=debian_base.stand_in(engine))
    if variant.torch_index is None and engine.mounts and not reachable(TORCH_CPU_INDEX[0]):
        variant = replace(variant, torch_index="")
    return variant


def registry_mounts(folder: Path) -> list[tuple[Path, Path]]:
    """Return the files by which a build reaches registries, as (path, path in the build)."""
    found = host_registries.mounts(folder)
    weights = cache_folder() / "wheels"
    if weights.is_dir():
        # What was downloaded once for this checkout need not be downloaded again for its image.
        found.append((weights, Path(WEIGHTS_IN_BUILD)))
    return found
