"""A stand-in for the official slim Python image, made of Debian's packages and this Python.

Where no image registry can be reached, this is what the processor's image is built on, so that all
the rest of the build and of the image is as everywhere.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from image.engines import Engine
from scripts.setup.commands import attempt, cache_folder, only_one_at_a_time

SUITE = "bookworm"
PYTHON = "3.11"
"""As in the Dockerfile's BASE_IMAGE."""

LIBRARIES = (
    *("usr-is-merged", "ca-certificates", "netbase", "tzdata", "libssl3", "libffi8"),
    *("libsqlite3-0", "libbz2-1.0", "liblzma5", "libreadline8", "libncursesw6", "libuuid1"),
    *("zlib1g", "libexpat1", "libgdbm6"),
)
"""What CPython's extension modules link."""

FORGET = '"rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true";'
"""Run by apt after each of its steps."""

EXCLUDED = ("man", "locale", "doc")
LEFT_OUT_OF_PYTHON = ("site-packages", "test", "tests", "__pycache__", "idlelib", "config-*", "*.a")


class NoBaseError(RuntimeError):
    """The stand-in cannot be made here; the message says why."""


def stand_in(engine: Engine) -> str:
    """Return the stand-in's name, made if it is not there; raise `NoBaseError`."""
    digest = hashlib.sha256(Path(__file__).read_bytes() + sys.version.encode()).hexdigest()[:12]
    name = f"localhost/lifestream-base:{digest}"
    if _exists(engine, name):
        return name
    if sys.version_info[:2] != tuple(int(part) for part in PYTHON.split(".")):
        raise NoBaseError(f"The stand-in base needs Python {PYTHON}, this is {sys.version}.")
    if shutil.which("mmdebstrap") is None:
        raise NoBaseError("The stand-in base needs mmdebstrap (Debian's package of that name).")
    with only_one_at_a_time(cache_folder() / "base.lock"):
        if not _exists(engine, name):
            _make(engine, name)
    return name


def _make(engine: Engine, name: str) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        archive = Path(temporary) / "root.tar"
        if attempt("making a Debian base", _mmdebstrap(archive)) != 0:
            raise NoBaseError("mmdebstrap could not make a Debian base; see the log above it.")
        root = Path(temporary) / "root"
        root.mkdir()
        subprocess.run(["tar", "-C", root, "-xf", archive, "--exclude=./dev/*"], check=True)
        archive.unlink()
        add_python(root)
        add_docker_clean(root)
        packed = Path(temporary) / "packed.tar"
        subprocess.run(["tar", "-C", root, "-cf", packed, "."], check=True)
        subprocess.run(
            [*engine.manage, "import", *_configuration(), str(packed), name],
            check=True,
            env=engine.process_environment(),
            capture_output=True,
        )


def add_python(root: Path) -> None:
    """Copy this Python, without tests and packages, to /usr/local, where the official one is."""
    source = Path(sys.base_prefix)
    target = root / "usr" / "local"
    version = f"python{PYTHON}"
    ignore = shutil.ignore_patterns(*LEFT_OUT_OF_PYTHON)
    for folder in (f"lib/{version}", f"include/{version}"):
        shutil.copytree(
            source / folder, target / folder, ignore=ignore, symlinks=True, dirs_exist_ok=True
        )
    (target / "lib" / version / "site-packages").mkdir()
    (target / "bin").mkdir(exist_ok=True)
    shutil.copy2(source / "bin" / version, target / "bin" / version)
    for found in (source / "lib").glob("libpython3*.so*"):
        shutil.copy2(found, target / "lib" / found.name, follow_symlinks=False)
    (target / "bin" / "python3").symlink_to(version)
    (target / "bin" / "python").symlink_to("python3")
    subprocess.run(["chroot", root, "ldconfig"], check=True)
    subprocess.run(
        ["chroot", root, "/usr/local/bin/python", "-m", "ensurepip"],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    # As in the official image: no bytecode, no symbol tables.
    for compiled in [*target.rglob("__pycache__")]:
        shutil.rmtree(compiled)
    if shutil.which("strip"):
        libraries = [path for path in target.rglob("*.so*") if not path.is_symlink()]
        subprocess.run(["strip", "--strip-unneeded", *libraries], check=True)


def add_docker_clean(root: Path) -> None:
    """Have apt keep nothing it downloads, as in the official images."""
    settings = root / "etc" / "apt" / "apt.conf.d" / "docker-clean"
    settings.write_text(
        f"DPkg::Post-Invoke {{ {FORGET} }};\nAPT::Update::Post-Invoke {{ {FORGET} }};\n"
        'Dir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\n'
    )


def _exists(engine: Engine, name: str) -> bool:
    found = subprocess.run(
        [*engine.manage, "image", "inspect", name],
        check=False,
        capture_output=True,
        env=engine.process_environment(),
    )
    return found.returncode == 0


def _mmdebstrap(archive: Path) -> list[str]:
    leave_out = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in EXCLUDED]
    return [
        *("mmdebstrap", "--quiet", "--variant=minbase"),
        "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
        '--aptopt=Apt::Install-Recommends "false"',
        *leave_out,
        # The licences stay.
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        f"--include={','.join(LIBRARIES)}",
        # The archive folder of package lists is of no use in an image.
        "--customize-hook=rm -rf $1/var/lib/apt/lists/* $1/var/cache/apt/*.bin",
        *(SUITE, str(archive)),
        *_mirror(),
    ]


def _mirror() -> list[str]:
    """Return where this machine gets Debian from, if its sources say so."""
    sources = Path("/etc/apt/sources.list.d/debian.sources")
    if not sources.exists():
        return []
    lines = sources.read_text().splitlines()
    return [line.split()[1] for line in lines if line.startswith("URIs:")][:1]


def _configuration() -> list[str]:
    changes = (
        "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
        "ENV LANG=C.UTF-8",
        "LABEL lifestream.standin=1",
        'CMD ["python3"]',
    )
    return [word for change in changes for word in ("--change", change)]
