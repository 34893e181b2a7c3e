"""Installs what building and testing images needs: linters by pip, container tools by apt."""

import contextlib
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from image.build import BuildError, build_packages
from image.content import Variant
from image.debian_base import NoBaseError
from image.engines import NoEngineError, find_engine, forget_old
from scripts.setup.commands import attempt, cache_folder, only_one_at_a_time
from scripts.setup.virtualenvs import Environment, environment

TOOLS = Environment("image", ".lifestream/venv/image")
DEBIAN_PACKAGES = {
    "buildah": "buildah",
    "docker-registry": "docker-registry",
    "mmdebstrap": "mmdebstrap",
    "podman": "podman",
    "runc": "runc",
    "catatonit": "catatonit",
    "skopeo": "skopeo",
}
"""Commands, and Debian's packages that have them."""


def tool(name: str) -> Path:
    """Return the path of a tool of the dependency group `image`, installed on first use."""
    return environment(cache_folder(), TOOLS) / "bin" / name


def missing() -> list[str]:
    """Return the Debian packages whose commands are not here."""
    return sorted(p for command, p in DEBIAN_PACKAGES.items() if shutil.which(command) is None)


def install_debian_packages() -> str | None:
    """Install the container tools; return why that cannot be done here, or None when they are."""
    wanted = missing()
    if not wanted:
        return None
    if shutil.which("apt-get") is None:
        return f"{', '.join(wanted)} are not installed, and this is no Debian to install them on"
    if os.geteuid() != 0:
        return f"{', '.join(wanted)} are not installed; as root: apt-get install {' '.join(wanted)}"
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    # The registry's package starts a service; this machine is not to serve anything.
    if attempt("updating Debian's package lists", ["apt-get", "update", "-qq"]) != 0:
        return "Debian's package lists cannot be had"
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *wanted]
    if attempt(f"installing {', '.join(wanted)}", install) != 0:
        return f"Debian's packages {', '.join(wanted)} cannot be installed"
    return None


def main(arguments: Sequence[str]) -> int:
    """Install everything there is to install, say why something cannot be; forget old images.

    With `--packages`, build the first layers of the processor's image instead of installing
    linters. That needs the standard library only, so it can run while environments are installed.
    """
    with only_one_at_a_time(cache_folder() / "image.lock"):
        reason = install_debian_packages()
        if "--packages" in arguments:
            return build_first_layers()
        environment(cache_folder(), TOOLS)
        if reason:
            print(f"\n  IMAGES ARE NOT TESTED HERE: {reason}.\n")
        with contextlib.suppress(NoEngineError):
            forget_old(find_engine())
        return 0


def build_first_layers() -> int:
    """Build what takes longest; a failure is for the build of the whole image to show."""
    try:
        build_packages(find_engine(), Variant(models="packages"))
    except (NoEngineError, NoBaseError, BuildError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
