"""Private storage and settings for a superuser's Podman and Buildah, also inside a container."""

import resource
import subprocess
from pathlib import Path

from scripts.setup.commands import cache_folder, only_one_at_a_time

UNLIMITED_FILES = 1_048_576
"""What Docker gives containers where the machine itself sets no limit."""

PROCESSES = 32_768


def environment(folder: Path | None = None) -> dict[str, str]:
    """Write the settings below `folder` and return the variables that make both tools use them.

    Images and build caches stay there from one run to the next.
    """
    folder = folder or cache_folder() / "containers"
    settings = folder / "settings"
    temporary = folder / "tmp"
    for needed in (settings, temporary):
        needed.mkdir(parents=True, exist_ok=True)
    with only_one_at_a_time(folder / "settings.lock"):
        _write_settings(folder, settings)
    return {
        "CONTAINERS_STORAGE_CONF": str(settings / "storage.conf"),
        "CONTAINERS_CONF": str(settings / "containers.conf"),
        "CONTAINERS_REGISTRIES_CONF": str(settings / "registries.conf"),
        "BUILDAH_ISOLATION": "chroot",
        "TMPDIR": str(temporary),
    }


def _write_settings(folder: Path, settings: Path) -> None:
    _renew(
        settings / "storage.conf",
        f'[storage]\ndriver = "{storage_driver(folder)}"\n'
        f'graphroot = "{folder / "graph"}"\nrunroot = "{folder / "run"}"\n',
    )
    files, processes = limits()
    _renew(
        settings / "containers.conf",
        # No systemd: Podman keeps its own events and makes its own control groups.
        '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
        # A container may not be given more than the machine itself has.
        f'[containers]\ndefault_ulimits = ["nofile={files}:{files}", '
        f'"nproc={processes}:{processes}"]\n',
    )
    # No short names: a base that is not there is an error, not a question to some registry.
    _renew(settings / "registries.conf", "unqualified-search-registries = []\n")


def _renew(file: Path, text: str) -> None:
    """Write a file that another process may be reading."""
    if not file.exists() or file.read_text() != text:
        fresh = file.with_suffix(".fresh")
        fresh.write_text(text)
        fresh.replace(file)


def limits() -> tuple[int, int]:
    """Return the most open files and processes that a container can be given here."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    processes = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    return (
        UNLIMITED_FILES if files == resource.RLIM_INFINITY else files,
        PROCESSES if processes == resource.RLIM_INFINITY else min(processes, PROCESSES),
    )


def storage_driver(folder: Path) -> str:
    """Return `overlay` if it can be mounted below `folder`, else `vfs`, which is six times slower.

    What was decided once is kept: the two do not see each other's images.
    """
    decided = folder / "settings" / "driver"
    if not decided.exists():
        decided.write_text("overlay" if _overlay_works(folder / "probe") else "vfs")
    return decided.read_text()


def _overlay_works(probe: Path) -> bool:
    lower, upper, work, merged = (probe / name for name in ("lower", "upper", "work", "merged"))
    for folder in (lower, upper, work, merged):
        folder.mkdir(parents=True, exist_ok=True)
    options = f"lowerdir={lower},upperdir={upper},workdir={work}"
    mounted = subprocess.run(
        ["mount", "-t", "overlay", "overlay", "-o", options, str(merged)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode != 0:
        return False
    subprocess.run(["umount", str(merged)], check=True)
    return True
