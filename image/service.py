"""Builds the image of the API and the web pages.

Its context is a folder of its own: the pages' bundle is a link to the user's cache in a checkout,
which no container tool follows.
"""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from image.build import LABEL, BuildError, base_arguments, is_built, run_build
from image.content import BASE_ARGUMENT
from image.engines import Engine
from scripts.setup.commands import ROOT

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
    arguments = base_arguments(engine)
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder) / "context"
        fill_context(context)
        if base := arguments.get(BASE_ARGUMENT):
            (context / _BASE).write_text(base)
        tag = digest_of(context)[:_TAG_CHARACTERS]
        name = f"localhost/{REPOSITORY}:{tag}"
        if not is_built(engine, name):
            label = ("--label", f"{LABEL}.version={tag}")
            run_build(engine, name, context, DOCKERFILE, arguments, label)
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
