"""Builds an image once for all environments: what is released already is not built again."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from image import push
from image.build import build, fitted_to_this_machine
from image.content import Variant, content_tag
from image.engines import Engine
from image.promote import Repository
from scripts.setup.commands import ROOT

Build = Callable[[Engine, Variant], str]
Push = Callable[[Engine, str, str, push.Login], str]


def variants(variant: Variant, files: Sequence[Path]) -> list[Variant]:
    """Return what environments need: a variant, and the same with a GPU if any has that target."""
    if variant.accelerator == "gpu" or not push.running(files, "gpu"):
        return [variant]
    return [variant, replace(variant, accelerator="gpu", platform=None, torch_index=None)]


def release(
    releases: Repository,
    engine: Engine,
    variant: Variant,
    *,
    files: Sequence[Path],
    root: Path = ROOT,
    build: Build = build,
    push_image: Push = push.push,
) -> str:
    """Have the image in the repository of releases, its digest in `files`, and return the digest.

    Only `files` that name an image with the variant's accelerator are written to. The tag says
    what an image is made of: where it is there, so is the image. Raises `BuildError` and
    `PushError`.
    """
    tag = content_tag(fitted_to_this_machine(engine, variant), root=root)
    digest = releases.digest(tag)
    if digest is None:
        name = build(engine, variant)
        digest = push_image(engine, name, releases.address(), releases.login())
    for file in push.running(files, variant.accelerator):
        push.write_digest(file, digest, table=push.TABLES[variant.accelerator])
    return digest
