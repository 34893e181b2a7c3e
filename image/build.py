"""Builds the processor's image with the container tool of this machine."""

import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from image import debian_base, host_registries
from image.content import BASE_ARGUMENT, DOCKERFILE, ModelSource, Variant, content_tag
from image.engines import PODMAN, Engine
from scripts.setup.commands import ROOT, cache_folder
from scripts.setup.virtualenvs import TORCH_CPU_INDEX, reachable

REPOSITORY = "lifestream-processor"
TOKEN_VARIABLE = "HF_TOKEN"  # noqa: S105 - the name of the variable, not what is in it
HUB_VARIABLE = "HF_ENDPOINT"
"""Another address of the model hub, by the variable that its own client reads."""

REVISION_VARIABLE = "REVISION"
LABEL = "org.opencontainers.image"
PACKAGES = "venv"
"""The Dockerfile's stage of Python packages."""

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
    name = name_of(variant, context)
    if target:
        name += f"-{target}"
    elif not os.environ.get(REVISION_VARIABLE) and is_built(engine, name):
        return name
    arguments = variant.build_arguments()
    if hub := os.environ.get(HUB_VARIABLE):
        arguments[HUB_VARIABLE] = hub
    run_build(engine, name, context, DOCKERFILE, arguments, build_options(variant, name, target))
    return name


def build_packages(engine: Engine, variant: Variant) -> None:
    """Build the layers of Python packages, which take longest, where Podman has no image yet."""
    variant = fitted_to_this_machine(engine, variant)
    if engine.name == PODMAN and not is_built(engine, name_of(variant)):
        build(engine, variant, target=PACKAGES)


def name_of(variant: Variant, context: Path = ROOT) -> str:
    """Return the local name of a variant's image, with a digest of what it is made of."""
    return f"localhost/{REPOSITORY}:{content_tag(variant, root=context)}"


def run_build(
    engine: Engine,
    name: str,
    context: Path,
    dockerfile: str,
    arguments: Mapping[str, str],
    options: Iterable[str] = (),
) -> None:
    """Build any image, with what reaches this machine's registries; raise `BuildError`."""
    with tempfile.TemporaryDirectory() as folder:
        mounts = registry_mounts(Path(folder)) if engine.mounts else ()
        words = (*options, *argument_options(engine, arguments, mounts))
        command = [*engine.build, "--file", str(context / dockerfile), "--tag", name, *words]
        done = subprocess.run(
            [*command, str(context)], check=False, env=engine.process_environment()
        )
    if done.returncode != 0:
        raise BuildError(f"{engine.name} could not build {dockerfile} (exit {done.returncode}).")


def argument_options(
    engine: Engine, arguments: Mapping[str, str], mounts: Iterable[tuple[Path, Path]]
) -> list[str]:
    """Return options for arguments and mounts; a stand-in base is looked for in no registry."""
    options = [w for name, value in arguments.items() for w in ("--build-arg", f"{name}={value}")]
    for path, inside in mounts:
        options += ["--volume", f"{path}:{inside}:ro"]
    if engine.mounts and arguments.get(BASE_ARGUMENT, "").startswith("localhost/"):
        options.append("--pull=never")
    return options


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


def build_options(variant: Variant, name: str, target: str = "") -> list[str]:
    """Return the options of the processor's build beside arguments and mounts."""
    options = ["--label", f"{LABEL}.version={name.rpartition(':')[2]}"]
    if revision := os.environ.get(REVISION_VARIABLE):
        options += ["--label", f"{LABEL}.revision={revision}"]
    if variant.platform:
        options += ["--platform", variant.platform]
    if target:
        options += ["--target", target]
    if os.environ.get(TOKEN_VARIABLE):
        options += ["--secret", f"id={TOKEN_VARIABLE},env={TOKEN_VARIABLE}"]
    return options


def base_arguments(engine: Engine) -> dict[str, str]:
    """Return the arguments that name the stand-in where the official base cannot be pulled."""
    if engine.mounts and not reachable(OFFICIAL_REGISTRY):
        return {BASE_ARGUMENT: debian_base.stand_in(engine)}
    return {}


def fitted_to_this_machine(engine: Engine, variant: Variant) -> Variant:
    """Fill in what this machine cannot reach: the official base, PyTorch's index."""
    if variant.base is None:
        variant = replace(variant, base=base_arguments(engine).get(BASE_ARGUMENT))
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
