"""Cloud assemblies, each synthesized once for as long as nothing that it is made of changes.

They are kept in the user's cache folder, by a digest of the app's sources, settings and libraries,
and only read or copied. `tests/assemblies.py` proves that the sources are all there are.
"""

import fcntl
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from image.content import DOCKERFILE, source_files
from scripts.setup.commands import ROOT, cache_folder

SOURCES = (
    *("app.py", "cdk", "cdk.json", "environments", "package.json", "package-lock.json"),
    *("promotion.py", "promotion.toml", "uv.lock", "runtime/__init__.py"),
    *("local/kept_assemblies.py", "tests/assemblies.py"),
    *("runtime/core", "runtime/aws", "runtime/dispatcher", "runtime/reaper", "runtime/events"),
)
"""What assemblies are made of: the app, its settings, and the code of the functions."""

KEPT = 12
"""How many states of the sources have their assemblies kept: clones share the folder."""

IMAGE_ASSET = '"asset"'
"""An image tag that has the assembly hold what the image is built from."""


def kept_assembly(settings: Any, *, sources: str, make: Callable[[Path], None]) -> Path:
    """Return the assembly of these settings and sources, which `make` writes if it is not kept.

    `settings` is a JSON value, `sources` their `digest`.
    """
    kept = cache_folder() / "assemblies"
    state = kept / sources
    if not state.exists():
        forget(kept)
        state.mkdir(parents=True, exist_ok=True)
    described = json.dumps(settings, sort_keys=True)
    folder = state / hashlib.sha256(described.encode()).hexdigest()[:20]
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=state) as made:
                make(Path(made) / "cdk.out")
                (Path(made) / "cdk.out").rename(folder)
    os.utime(state)
    return folder


def builds_image(environments: Mapping[str, str]) -> bool:
    """Return whether an assembly of these texts holds what an image is built from."""
    return any(IMAGE_ASSET in text for text in environments.values())


def forget(kept: Path) -> None:
    """Make room for one more state: remove those that were used longest ago."""
    states = [path for path in kept.glob("*") if path.is_dir()]
    for path in sorted(states, key=lambda path: path.stat().st_mtime)[: 1 - KEPT]:
        shutil.rmtree(path, ignore_errors=True)


def digest(*, with_image: bool) -> str:
    """Return a digest of the sources, with those of the image where it is built as an asset."""
    files = [
        file
        for source in SOURCES
        for path in [ROOT / source]
        for file in (path.rglob("*") if path.is_dir() else [path])
        if file.is_file() and "__pycache__" not in file.parts
    ]
    found = hashlib.sha256(f"{sys.version} {Path(sys.prefix).resolve().name}".encode())
    if with_image:
        files += [*source_files(), ROOT / DOCKERFILE, ROOT / ".dockerignore"]
    for file in sorted(files):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        found.update(f"{file.relative_to(ROOT)} {content}\n".encode())
    return found.hexdigest()[:20]
