"""Files of Debian packages without root: apt in folders of its own, unpacked, never installed."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts.setup.commands import ROOT, attempt, log_of
from scripts.setup.wheels import UnavailableError


def unpack(packages: Sequence[str], folder: Path) -> Path:
    """Return `folder` with the packages' files below it, as they would lie below `/`.

    Uses the machine's own package sources. Raises `UnavailableError` where there are none.
    """
    if folder.is_dir():
        return folder
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise UnavailableError("this machine has no apt-get and dpkg-deb")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        state, files = Path(scratch) / "apt", Path(scratch) / "files"
        apt = _apt(state)
        _must("updating a private list of Debian packages", [*apt, "update"], state)
        _must(
            f"downloading {packages[0]} and others of Debian", [*apt, "download", *packages], state
        )
        for package in sorted(state.glob("*.deb")):
            _must(f"unpacking {package.name}", ["dpkg-deb", "-x", str(package), str(files)], state)
        files.rename(folder)
    return folder


def _apt(state: Path) -> list[str]:
    (state / "lists" / "partial").mkdir(parents=True)
    (state / "archives" / "partial").mkdir(parents=True)
    (state / "status").touch()
    settings = {
        "Dir::State": state,
        "Dir::State::status": state / "status",
        "Dir::Cache": state,
        "Dir::Log": state,
        "Debug::NoLocking": 1,
        "Acquire::Languages": "none",
        "Acquire::Retries": 1,
        "Acquire::http::Timeout": 15,
        "Acquire::https::Timeout": 15,
    }
    if os.geteuid() == 0:
        # Its usual sandbox user could not write into this user's folder.
        settings["APT::Sandbox::User"] = "root"
    return ["apt-get", *(part for key, value in settings.items() for part in _set(key, value))]


def _set(key: str, value: object) -> tuple[str, str]:
    return "-o", f"{key}={value}"


def _must(what: str, command: Sequence[str], folder: Path) -> None:
    if attempt(what, ["env", f"--chdir={folder}", *command]) != 0:
        raise UnavailableError(f"{what} failed; see {log_of(what).relative_to(ROOT)}")
