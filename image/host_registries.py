"""Lets a build reach package registries as this machine does: its own files, mounted, not copied.

Nothing of them is in a layer: no host name, no certificate, no wheel.
"""

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from scripts.setup.pip_settings import pip_settings

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
PIP_SETTINGS = Path("/etc/pip.conf")
CONSTRAINTS = frozenset({"constraint", "build-constraint"})
"""Settings that name files to choose versions by: the locks fix every version by its digest."""


def mounts(folder: Path) -> list[tuple[Path, Path]]:
    """Return (path here, path in the build), all read-only; a merged pip.conf goes to `folder`."""
    settings = {k: v for k, v in pip_settings().items() if k not in CONSTRAINTS}
    target = folder / "pip.conf"
    target.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{name} = {value}" for name, value in sorted(settings.items())]
    target.write_text("\n".join(["[global]", *lines, ""]))
    found = [(target, PIP_SETTINGS)]
    if CERTIFICATES.exists():
        found.append((CERTIFICATES, CERTIFICATES))
    return [*found, *((path, path) for path in local_folders(settings.values()))]


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
