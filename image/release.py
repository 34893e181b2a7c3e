"""Builds an image once for all environments: what is released already is not built again."""

from collections.abc import Callable, Sequence
from pathlib import Path

from image import push
from image.build import build, fitted_to_this_machine
from image.content import Variant, content_tag
from image.engines import Engine
from image.promote import Place
from scripts.setup import ROOT

Build = Callable[[Engine, Variant], str]
Push = Callable[[Engine, str, str, push.Login], str]


def release(
    place: Place,
    engine: Engine,
    variant: Variant,
    *,
    files: Sequence[Path],
    root: Path = ROOT,
    build: Build = build,
    push_image: Push = push.push,
) -> str:
    """Have the image in the repository of releases, its digest in `files`, and return the digest.

    The tag says what an image is made of: where it is there, so is the image. Raises `BuildError`
    and `PushError`.
    """
    tag = content_tag(fitted_to_this_machine(engine, variant), root=root)
    digest = place.digest(tag)
    if digest is None:
        name = build(engine, variant)
        digest = push_image(engine, name, place.address(), place.login())
    for file in files:
        push.write_digest(file, digest)
    return digest
