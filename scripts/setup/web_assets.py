"""The pages' scripts, styles and fonts: bundled, hashed and compressed once for each source state.

A bundle lies in the user's cache folder, named by the digest of what it is made of.
"""

import hashlib
import tempfile
from pathlib import Path

from scripts.setup.commands import ROOT, STATE, point, run

CLIENT = ROOT / "runtime" / "web" / "client"
LINK = STATE / "web"
"""Where `runtime.web` finds the bundle in a checkout."""


def bundle(cache: Path, node: Path) -> Path:
    """Return the folder with the bundle of the present sources, built if it is missing."""
    folder = cache / "web" / _digest()
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            built = Path(scratch) / "built"
            command = [str(node), str(CLIENT / "build.mjs"), str(built)]
            run("bundling the pages' scripts and styles", command)
            built.rename(folder)
    point(LINK, folder)
    return folder


def _digest() -> str:
    digest = hashlib.sha256((ROOT / "package-lock.json").read_bytes())
    for file in sorted(path for path in CLIENT.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(CLIENT)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
