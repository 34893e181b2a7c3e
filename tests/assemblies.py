"""Cloud assemblies, each synthesized once for as long as nothing that it is made of changes.

They are kept in the user's cache folder, by a digest of the app's sources, settings and libraries.
Tests only read them. What a synthesis opens must be among the sources, or it fails.
"""

import fcntl
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from image.content import DOCKERFILE, source_files
from scripts.setup.commands import cache_folder

ROOT = Path(__file__).resolve().parents[1]
SOURCES = (
    *("app.py", "cdk", "cdk.json", "environments", "package.json", "package-lock.json"),
    *("promotion.py", "promotion.toml", "uv.lock", "tests/assemblies.py", "runtime/__init__.py"),
    *("runtime/core", "runtime/aws", "runtime/dispatcher", "runtime/reaper", "runtime/events"),
)
"""What assemblies are made of: the app, its settings, and the code of the functions."""

KEPT = 12
"""How many states of the sources have their assemblies kept: clones share the folder."""

IMAGE_ASSET = '"asset"'
"""An image tag that has the assembly hold what the image is built from."""


def app_assembly(
    *,
    only: str | None = None,
    launch: str | None = None,
    service: Mapping[str, Any] | None = None,
    environments: Mapping[str, str] | None = None,
) -> Path:
    """Return the assembly of the app's environments, or of environments with these texts."""

    def synthesized(root: Path, folder: Path) -> None:
        from cdk.application import build, synthesize  # noqa: PLC0415 - starts a process of node

        synthesize(build(root, outdir=folder, only=only, launch=launch, service=service))

    return _kept(["app", only, launch, service], environments, synthesized)


def promotion_assembly(
    content: str | None = None, environments: Mapping[str, str] | None = None
) -> Path:
    """Return the assembly of the way to production, or of one that these texts describe."""

    def synthesized(root: Path, folder: Path) -> None:
        from cdk.promotion.application import build_promotion  # noqa: PLC0415 - as above

        file = root / "promotion.toml"
        if content is not None:
            file = folder.with_suffix(".toml")
            file.write_text(content)
        build_promotion(root, outdir=folder, file=file).synth()

    return _kept(["promotion", content], environments, synthesized)


def kept_beside(assembly: Path, name: str, make: Callable[[], str]) -> str:
    """Return a text that derives from an assembly and the installed libraries alone."""
    path = assembly.with_name(f"{assembly.name}-{name}")
    if not path.exists():
        made = make()
        # Another process may write the same at the same time.
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
            file.write(made)
        Path(file.name).replace(path)
    return path.read_text()


def _kept(
    settings: list[Any],
    environments: Mapping[str, str] | None,
    synthesized: Callable[[Path, Path], None],
) -> Path:
    context = os.environ.get("CDK_CONTEXT_JSON")
    described = json.dumps([settings, environments, context], sort_keys=True)
    sources = digest(with_image=builds_image(environments or {}))
    kept = cache_folder() / "assemblies"
    state = kept / sources
    if not state.exists():
        forget(kept)
        state.mkdir(parents=True, exist_ok=True)
    folder = state / hashlib.sha256(described.encode()).hexdigest()[:20]
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=state) as made, opening_only_sources():
                root = ROOT if environments is None else _written(Path(made), environments)
                synthesized(root, Path(made) / "cdk.out")
                (Path(made) / "cdk.out").rename(folder)
    os.utime(state)
    return folder


def _written(folder: Path, environments: Mapping[str, str]) -> Path:
    root = folder / "root"
    (root / "environments").mkdir(parents=True)
    shutil.copy(ROOT / "cdk.json", root)
    for name, text in environments.items():
        (root / "environments" / f"{name}.toml").write_text(text)
    return root


def builds_image(environments: Mapping[str, str]) -> bool:
    """Return whether an assembly of these texts holds what an image is built from."""
    return any(IMAGE_ASSET in text for text in environments.values())


def forget(kept: Path) -> None:
    """Make room for one more state: remove those that were used longest ago."""
    states = [path for path in kept.glob("*") if path.is_dir()]
    for path in sorted(states, key=lambda path: path.stat().st_mtime)[: 1 - KEPT]:
        shutil.rmtree(path, ignore_errors=True)


@cache
def digest(*, with_image: bool) -> str:
    """Return a digest of the sources, with those of the image where it is built as an asset."""
    files = [
        file
        for source in SOURCES
        for path in [ROOT / source]
        for file in ([path] if path.is_file() else path.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    ]
    found = hashlib.sha256(f"{sys.version} {Path(sys.prefix).resolve().name}".encode())
    if with_image:
        files += [*source_files(), ROOT / DOCKERFILE, ROOT / ".dockerignore"]
    for file in sorted(files):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        found.update(f"{file.relative_to(ROOT)} {content}\n".encode())
    return found.hexdigest()[:20]


_checking = False
"""Whether files that are opened must be among the sources; audit hooks cannot be removed."""


@contextmanager
def opening_only_sources() -> Iterator[None]:
    """Raise `AssertionError` where a file of this repository is opened that is no source."""
    global _checking  # noqa: PLW0603 - as above
    _add_hook()
    _checking = True
    try:
        yield
    finally:
        _checking = False


@cache
def _add_hook() -> None:
    # The lock stands for the libraries.
    roots = {ROOT / source for source in (*SOURCES, ".venv")}
    inside = f"{ROOT}{os.sep}"

    def check(event: str, arguments: tuple[Any, ...]) -> None:
        if not _checking or event != "open":
            return
        path = str(arguments[0])
        if not path.startswith(inside) or "__pycache__" in path:
            return
        if roots.isdisjoint((Path(path), *Path(path).parents)):
            raise AssertionError(f"{path} is no source in tests/assemblies.py")

    sys.addaudithook(check)
