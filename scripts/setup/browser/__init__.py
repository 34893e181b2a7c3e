"""A Chromium for the tests, without root: from npm, unpacked into the user's cache folder.

Playwright's own download is no package of a registry. `@sparticuz/chromium` ships the headless
shell with H.264 and AAC, and the libraries that a bare machine lacks.
"""

import hashlib
import io
import os
import shutil
import tarfile
import tempfile
from pathlib import Path

from scripts.sample_media.debian import unpack
from scripts.setup.commands import run
from scripts.setup.wheels import UnavailableError

PINNED = Path(__file__).parent
FONT_PACKAGES = ("fonts-dejavu-core", "fonts-droid-fallback")
"""Debian's fonts with Arabic and Chinese letters."""

_UNPACK = (
    "const fs=require('fs'),zlib=require('zlib'),[from,to]=process.argv.slice(1);"
    "fs.writeFileSync(to,zlib.brotliDecompressSync(fs.readFileSync(from)))"
)
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{folder}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""


def chromium(cache: Path, node: Path, npm: Path) -> Path:
    """Return the folder with Chromium, unpacked if it is missing; `settings` says how to run it."""
    lock = (PINNED / "package-lock.json").read_bytes()
    folder = cache / f"chromium-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            unpacked = Path(scratch) / "unpacked"
            _install(Path(scratch), unpacked, node, npm)
            (unpacked / "fonts.conf").write_text(_FONTS.format(folder=_fonts(cache)))
            unpacked.rename(folder)
    return folder


def settings(folder: Path) -> tuple[Path, dict[str, str]]:
    """Return the program in an unpacked folder and the variables that it needs."""
    return folder / "chromium", {
        **os.environ,
        "LD_LIBRARY_PATH": str(folder / "lib"),
        "FONTCONFIG_FILE": str(folder / "fonts.conf"),
    }


def _install(scratch: Path, unpacked: Path, node: Path, npm: Path) -> None:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(PINNED / name, scratch / name)
    command = [str(node), str(npm), "ci", "--prefix", str(scratch), "--prefer-offline"]
    run("downloading Chromium for the tests", command)
    packed = scratch / "node_modules" / "@sparticuz" / "chromium" / "bin"
    unpacked.mkdir()
    program = unpacked / "chromium"
    for name, into in (("chromium.br", program), ("al2023.tar.br", scratch / "libraries.tar")):
        run(f"unpacking {name}", [str(node), "-e", _UNPACK, str(packed / name), str(into)])
    program.chmod(0o755)
    with tarfile.open(fileobj=io.BytesIO((scratch / "libraries.tar").read_bytes())) as archive:
        archive.extractall(unpacked, filter="data")


def _fonts(cache: Path) -> Path:
    """Return the folder of fonts; without Debian's packages it is none, and letters are boxes."""
    fonts = cache / "debian-fonts"
    try:
        return unpack(FONT_PACKAGES, fonts)
    except UnavailableError as reason:
        print(f"  no fonts for the tests' browser: {reason}", flush=True)
        return fonts
