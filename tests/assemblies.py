"""Cloud assemblies of the tests, kept as those of the local cloud are (`local/kept_assemblies.py`).

Tests only read them. What a synthesis opens must be among the sources, or it fails.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from local.kept_assemblies import SOURCES, builds_image, digest, kept_assembly

ROOT = Path(__file__).resolve().parents[1]
sources = cache(digest)


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
    def make(folder: Path) -> None:
        with opening_only_sources():
            root = ROOT if environments is None else _written(folder.parent, environments)
            synthesized(root, folder)

    context = os.environ.get("CDK_CONTEXT_JSON")
    return kept_assembly(
        [settings, environments, context],
        sources=sources(with_image=builds_image(environments or {})),
        make=make,
    )


def _written(folder: Path, environments: Mapping[str, str]) -> Path:
    root = folder / "root"
    (root / "environments").mkdir(parents=True)
    shutil.copy(ROOT / "cdk.json", root)
    for name, text in environments.items():
        (root / "environments" / f"{name}.toml").write_text(text)
    return root


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
