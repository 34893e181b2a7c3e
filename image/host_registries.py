"""Lets a build reach package registries as this machine does: its own files, mounted, not copied.

Nothing of them is in a layer: no host name, no certificate, no wheel.
"""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
PIP_SETTINGS = Path("/etc/pip.conf")


def mounts(folder: Path) -> list[tuple[Path, Path]]:
    """Return (path here, path in the build), all read-only; a merged pip.conf goes to `folder`."""
    settings = pip_settings()
    target = folder / "pip.conf"
    target.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{name} = {value}" for name, value in sorted(settings.items())]
    target.write_text("\n".join(["[global]", *lines, ""]))
    found = [(target, PIP_SETTINGS)]
    if CERTIFICATES.exists():
        found.append((CERTIFICATES, CERTIFICATES))
    return [*found, *((path, path) for path in local_folders(settings.values()))]


def pip_settings() -> dict[str, str]:
    """Return what pip is told here by its files and by the environment, by bare option name."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    ).stdout
    return merged(listed.splitlines())


def merged(lines: Iterable[str]) -> dict[str, str]:
    """Merge lines of `pip config list`, such as `global.cert='/path'`; the environment wins."""
    settings: dict[str, str] = {}
    by_weight = sorted(lines, key=lambda line: line.startswith(":env:"))
    for line in by_weight:
        name, _, value = line.partition("=")
        section, _, option = name.rpartition(".")
        if section in {"global", "install", ":env:"}:
            settings[option] = value.strip("'\"").replace("\\n", " ")
    return settings


def local_folders(values: Iterable[str]) -> list[Path]:
    """Return the folders of this machine that settings name, as paths or `file:` addresses.

    Of an index, `NAME/simple`, its whole `NAME` is taken: its pages link to files beside it.
    """
    found: dict[Path, None] = {}
    for word in " ".join(values).split():
        path = Path(unquote(urlsplit(word).path)) if word.startswith("file:") else Path(word)
        if path.is_absolute() and path.is_dir():
            found[path.parent if path.name == "simple" else path] = None
    return list(found)
