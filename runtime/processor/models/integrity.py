"""Verifies model files against their manifest, before anything is unpickled or loaded."""

import hashlib
import json
from functools import cache
from pathlib import Path

from runtime.core.errors import Permanent

MANIFEST = "manifest.json"


def write_manifest(models_dir: Path) -> None:
    """Record the SHA-256 of every file below `models_dir` in its `manifest.json`."""
    files = {
        path.relative_to(models_dir).as_posix(): _sha256(path)
        for path in _files(models_dir)
        if path != models_dir / MANIFEST
    }
    text = json.dumps({"sha256": files}, indent=1, sort_keys=True)
    (models_dir / MANIFEST).write_text(text + "\n")


@cache
def verify_model(model_dir: Path) -> None:
    """Compare a model's folder with the `manifest.json` beside it, once a process.

    Raises `Permanent`: `models.missing` where there is no such folder or manifest,
    `models.corrupt` where a file differs, is missing or is not listed.
    """
    manifest = model_dir.parent / MANIFEST
    if not model_dir.is_dir() or not manifest.is_file():
        raise Permanent(
            "models.missing",
            f"There is no model in {model_dir} with a {MANIFEST} beside it.",
            "Build the image with its models, or run `make setup-run`, and point "
            "MODELS_DIR at the result.",
        )
    prefix = f"{model_dir.name}/"
    recorded = json.loads(manifest.read_text())["sha256"]
    expected = {name: digest for name, digest in recorded.items() if name.startswith(prefix)}
    found = {prefix + path.relative_to(model_dir).as_posix(): path for path in _files(model_dir)}
    wrong = sorted(expected.keys() ^ found.keys())
    wrong += [name for name, path in found.items() if expected.get(name) != _sha256(path)]
    if wrong or not expected:
        raise Permanent(
            "models.corrupt",
            f"The model in {model_dir} is not the one in {MANIFEST}: "
            f"{', '.join(sorted(set(wrong))) or 'nothing is listed'}.",
            "Rebuild the image, or delete the models folder and run `make setup-run` again.",
        )


@cache
def model_digest(model_dir: Path) -> str:
    """Return a digest of a model's files, from the manifest beside its folder."""
    recorded = json.loads((model_dir.parent / MANIFEST).read_text())["sha256"]
    own = {n: digest for n, digest in recorded.items() if n.startswith(f"{model_dir.name}/")}
    return hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()[:16]


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
